/* barrier.h - inside of Barrier. */
#ifndef BROOD_SYNC_BARRIER_H
#define BROOD_SYNC_BARRIER_H

/* For brood__sync_fail: break all that this process has. */
void brood__barriers_break_all(void);

#endif
