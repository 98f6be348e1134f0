#!/usr/bin/env bash
# Connects the two workloads of manifests/workloads.yaml to this host, as a CNI plugin would. Run as root. To undo it:
#     ip netns delete web; ip netns delete database
set -euo pipefail

echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding

connect() { # NAME IPV4 IPV6
  local host_end="cali$(printf 'shop.%s' "$1" | sha1sum | cut -c1-11)"
  ip netns add "$1"
  ip link add "$host_end" address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns "$1"
  ip link set "$host_end" up
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
  ip -n "$1" address add "$2/32" dev eth0
  ip -n "$1" address add "$3/128" dev eth0 nodad
  # The host has no address on this link: a fixed neighbour stands for it, as Calico's 169.254.1.1 does.
  ip -n "$1" neighbour add 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent
  ip -n "$1" route add 169.254.1.1 dev eth0 scope link
  ip -n "$1" route add default via 169.254.1.1
  ip -n "$1" route add default via fe80::ecee:eeff:feee:eeee dev eth0
  ip route add "$2/32" dev "$host_end" scope link
  ip -6 route add "$3/128" dev "$host_end"
}

connect web 10.66.0.1 fd00:66::1
connect database 10.66.0.2 fd00:66::2
