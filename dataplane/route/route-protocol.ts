/**
 * The protocol number (rtnetlink's rtm_protocol) of every route that is ours: nobody else uses it by Linux' list
 * (linux/rtnetlink.h) or iproute2's. Only routes that carry it are ever removed.
 */
export const ROUTE_PROTOCOL = 84;
