/* segment_map.h - what both kinds of segment do alike. */
#ifndef BROOD_POSIX_SEGMENT_MAP_H
#define BROOD_POSIX_SEGMENT_MAP_H

#include "platform/segment.h"

/* Give the fresh file `size` bytes and map it.  Takes the descriptor over, also on failure. */
apr_status_t brood__segment_map_new(brood__segment_t *segment, int fd, uint64_t size);

/* Map a file that has its size; at `wish` if that is free, 0: anywhere.  Takes the descriptor over, also on failure. */
apr_status_t brood__segment_map(brood__segment_t *segment, int fd, uint64_t size, uint64_t wish);

/* Unmap and close. */
void brood__segment_unmap(brood__segment_t *segment);

#endif
