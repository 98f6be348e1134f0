#!/usr/bin/env bash
# A machine of its own out of namespaces: test/real/machine.sh DIRECTORY DISK NAME. Says `ready PID` and lives until
# its standard input ends, so whatever becomes of its maker nothing stays: no process, mount, namespace or cgroup.
# DIRECTORY is empty and its own. DISK keeps what is written to /etc, /opt, /usr/local and /var, which shine through from the real
# ones. The network namespace is the caller's, who gives it a mount namespace and a session of its own, too.
set -euo pipefail
directory=$1 disk=$2 name=$3

# From here on it sees what nobody else does.
if [[ ${4:-} == inside ]]; then
  echo $$ >"$directory/cgroup/$name/init/cgroup.procs"
  for tree in etc opt var usr/local; do
    mkdir -p "$disk/$tree" "$disk/.work/$tree"
    mount -t overlay overlay -o "lowerdir=/$tree,upperdir=$disk/$tree,workdir=$disk/.work/$tree" "/$tree"
  done
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir /run/lock
  # Of this network namespace, and with the cgroups of this machine alone.
  mount -t sysfs sysfs /sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # Another start on the same disk is a reboot.
  cat /proc/sys/kernel/random/uuid >"$directory/boot-id"
  mount --bind "$directory/boot-id" /proc/sys/kernel/random/boot_id
  hostname "$name"
  echo "ready $$"
  # Nobody ever writes.
  read -r _ || true
  exit 0
fi

mount -t tmpfs -o mode=755 tmpfs "$directory"
mkdir "$directory/cgroup"
mount -t cgroup2 cgroup2 "$directory/cgroup"
cgroup=$directory/cgroup/$name
mkdir "$cgroup"
finish() {
  echo 1 >"$cgroup/cgroup.kill"
  until grep -q 'populated 0' "$cgroup/cgroup.events"; do sleep 0.01; done
  find "$cgroup" -depth -type d -exec rmdir {} \;
  umount "$directory/cgroup" "$directory"
  rmdir "$directory"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# The cgroup that it is in becomes the root of what the machine sees. A group above others may hold no process.
(
  echo $BASHPID >"$cgroup/cgroup.procs"
  mkdir "$cgroup/init"
  exec unshare --mount --uts --ipc --cgroup -- bash "$0" "$directory" "$disk" "$name" inside
) <&0 &
wait $!
