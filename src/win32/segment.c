/* segment.c - a section of the paging file without a name. */
#include "win32/os.h"

#include "platform/segment.h"

static apr_status_t map(brood__segment_t *segment, HANDLE section, uint64_t size)
{
    if ((SIZE_T) size != size)
        return APR_ENOMEM;
    segment->base = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, (SIZE_T) size);
    if (segment->base == NULL)
        return brood__os_memory_status(GetLastError());
    segment->size = size;
    segment->handle = (brood__handle_t) section;
    return APR_SUCCESS;
}

apr_status_t brood__segment_create(brood__segment_t *segment, uint64_t size)
{
    HANDLE section;
    apr_status_t rc;

    segment->base = NULL;
    /* SEC_RESERVE: without it all of it would be charged to the paging file now. */
    section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, (DWORD) (size >> 32),
                                 (DWORD) size, NULL);
    if (section == NULL)
        return brood__os_memory_status(GetLastError());
    rc = map(segment, section, size);
    if (rc != APR_SUCCESS)
        CloseHandle(section);
    return rc;
}

apr_status_t brood__segment_attach(brood__segment_t *segment, brood__handle_t handle, uint64_t size, uint64_t wish)
{
    apr_status_t rc;

    (void) wish; /* anywhere is as quick */
    segment->base = NULL;
    rc = map(segment, brood__os_handle(handle), size);
    if (rc != APR_SUCCESS)
        CloseHandle(brood__os_handle(handle));
    return rc;
}

apr_status_t brood__segment_commit(const brood__segment_t *segment, uint64_t offset, uint64_t size)
{
    /* Pages are committed in the section, hence in every view of it, and stay so: the charge is the section's. */
    if (VirtualAlloc(segment->base + offset, (SIZE_T) size, MEM_COMMIT, PAGE_READWRITE) == NULL)
        return brood__os_memory_status(GetLastError());
    return APR_SUCCESS;
}

bool brood__segment_discard(const brood__segment_t *segment, uint64_t offset, uint64_t size)
{
    /* A view's pages cannot be decommitted.  This lets the system drop instead of page out what is in them. */
    VirtualAlloc(segment->base + offset, (SIZE_T) size, MEM_RESET, PAGE_READWRITE);
    return false;
}

void brood__segment_detach(brood__segment_t *segment)
{
    if (segment->base == NULL)
        return;
    UnmapViewOfFile(segment->base);
    CloseHandle(brood__os_handle(segment->handle));
    segment->base = NULL;
    segment->handle = BROOD__NO_HANDLE;
}
