/* The host's link to its warden. */
#ifndef DOMAIN_WARDEN_H
#define DOMAIN_WARDEN_H

struct warden;

/* Ends the warden and with it every worker, waits until it is gone, and frees. In a forked child only frees. Returns NULL; takes NULL. */
struct warden *warden_free(struct warden *warden);

#endif
