/* thread_local.h - storage of which every thread has its own. */
#ifndef BROOD_BASE_THREAD_LOCAL_H
#define BROOD_BASE_THREAD_LOCAL_H

#define BROOD__THREAD_LOCAL _Thread_local

#endif
