/* Uses what it does not include. */
#ifndef CORE_NEEDS_MORE_H
#define CORE_NEEDS_MORE_H

bool needs_more(size_t n);

#endif
