typedef struct thing { int a; } thing;
void f(void) { printf("the command line may print\n"); alloca(3); signal(2, 0); sleep(1); }
