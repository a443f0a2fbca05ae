/* keeper.h - the process that takes names away when nobody else of the tree is left to do it. */
#ifndef BROOD_PROCESS_KEEPER_H
#define BROOD_PROCESS_KEEPER_H

#include "process/startup.h"

/* Before something gets a name that stays: have a keeper, and wait until it is there.  Without one, which is logged, the
 * name is taken away by whoever is left of the tree. */
void brood__keeper_begin(void);

/* In a spawned process that is to be it, the arena attached.  Ends the process. */
void brood__keeper_live(const brood__startup_t *startup, brood__handle_t channel);

#endif
