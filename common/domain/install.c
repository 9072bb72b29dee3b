#include "domain/install.h"

void install_release(struct install *in)
{
	secret_release(&in->token);
}
