char *f(void) { return getenv("HOME"); }
int g(void) { return socket(1, 1, 1) + popen("true", "r"); }
