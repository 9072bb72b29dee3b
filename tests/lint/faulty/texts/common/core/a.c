/* TODO: the rest */
const char *c = "/home/somebody/x", *d = "/home/vault/x", *g = "$HOME/x";
const char *e = "GOPROXY=off", *f = "pip install --index-url here";
