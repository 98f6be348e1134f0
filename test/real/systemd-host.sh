#!/usr/bin/env bash
# Boots systemd as a machine's first process: test/real/systemd-host.sh DIRECTORY DISK TREE NAME. Says `ready PID`, which is
# systemd's, and lives until its standard input ends, so whatever becomes of its maker nothing stays: no
# process, mount, namespace or cgroup. DIRECTORY is empty and its own. TREE is what script/systemd-tree made; DISK keeps
# what is written over it. The network namespace is the caller's, who gives it a mount namespace and a session of its own.
set -euo pipefail
directory=$1 disk=$2 tree=$3 name=$4
root=$directory/root

# From here on it is process 1, and sees what nobody else does.
if [[ ${5:-} == inside ]]; then
  # Of the /proc that is still there: by which number others know this process.
  read -r pid _ </proc/self/stat
  mount -t proc proc "$root/proc"
  # Of this network namespace, and with the cgroups of this machine alone.
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  hostname "$name"
  mkdir -p "$root/run/old"
  cd "$root"
  pivot_root . run/old
  echo "ready $pid"
  # `container` is how systemd knows that disks, clock and kernel are none of its business.
  exec /bin/busybox env -i container=tortie PATH=/usr/sbin:/usr/bin \
    /bin/sh -c 'umount -l /run/old && rmdir /run/old && exec /usr/lib/systemd/systemd </dev/null >/dev/null 2>&1'
fi

mount -t tmpfs -o mode=755 tmpfs "$directory"
mkdir "$directory/cgroup" "$root"
mkdir -p "$disk/tree" "$disk/.work"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$disk/tree,workdir=$disk/.work" "$root"
mount -t cgroup2 cgroup2 "$directory/cgroup"
cgroup=$directory/cgroup/$name
mkdir "$cgroup"
finish() {
  # Where its maker was killed nobody reads what is said, and saying it must not end this.
  trap '' PIPE
  echo 1 >"$cgroup/cgroup.kill"
  until grep -q 'populated 0' "$cgroup/cgroup.events"; do sleep 0.01; done
  find "$cgroup" -depth -type d -exec rmdir {} \;
  umount "$directory/cgroup" "$root" "$directory"
  rmdir "$directory"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# The cgroup that it is in becomes the root of what the machine sees.
(
  echo $BASHPID >"$cgroup/cgroup.procs"
  exec unshare --mount --uts --ipc --cgroup --pid --fork -- bash "$0" "$directory" "$disk" "$tree" "$name" inside
) </dev/null &
# Else bash would tell that it was killed.
disown
# Nobody ever writes.
read -r _ || true
