/**
 * The protocol number (rtnetlink's rtm_protocol) of every route that is ours: nobody else uses it by Linux' list
 * (linux/rtnetlink.h, 6.15) or iproute2's (6.15). Only routes that carry it are ever removed.
 */
export const ROUTE_PROTOCOL = 116;
