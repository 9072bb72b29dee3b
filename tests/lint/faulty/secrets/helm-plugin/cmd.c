int a = secret_expose(&s).n;
