/* getenv("HOME") and printf() in comments, "system()" in texts: fine */
int f(void)
{
	const char *home = getenv("HOME");
	long now = time(NULL);
	char copy[8];

	if (!home)
		goto out;
	sprintf(copy, "time(): %ld", now);
	printf("%s\n", copy);
	fprintf(stderr, "exit()\n");
	system("true");
	exit(1);
out:
	return w->now.time(w) + host_time(h) + fork() + (malloc(3) != 0) + rand();
}
