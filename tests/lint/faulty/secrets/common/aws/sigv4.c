int a = secret_expose(&s).n + secret_expose(&t).n;
