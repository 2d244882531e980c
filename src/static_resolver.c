/* Compiled into programs that are linked statically with glibc, and into no others: see build.rs.
 *
 * glibc loads a library of the system for everything in /etc/nsswitch.conf but files and DNS. Such a library is made for
 * the system's own glibc, and ends a program that has another one in it. So only files and DNS are asked, as musl does. */

#include <netdb.h>
#include <nss.h>

__attribute__((constructor)) static void ask_files_and_dns_only(void) {
  __nss_configure_lookup("hosts", "files dns");
  __nss_configure_lookup("passwd", "files");
}
