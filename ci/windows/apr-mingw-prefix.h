/* Forced in before every APR source (-include): the complete Windows headers.  APR's own way of getting at them fits
 * MSVC's SDK and not mingw-w64's; apr.h leaves windows.h alone once _WINDOWS_ is defined. */
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <wtypes.h>
#include <accctrl.h>
#include <iphlpapi.h>
