# Docker as people have it, with one published port. A container cannot be started inside the lab's box, so its rules
# are the ones that dockerd writes for `docker run -p 8080:80`, and a network namespace plays the container.
set -eu
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends docker.io iptables busybox-static
ip netns add tiny
ip link add tiny0 type veth peer name eth0 netns tiny
ip link set tiny0 master docker0 up
ip -n tiny link set lo up
ip -n tiny link set eth0 up
ip -n tiny address add 172.17.0.2/16 dev eth0
ip -n tiny route add default via 172.17.0.1
iptables -w -t nat -I DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
iptables -w -I DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
mkdir -p /srv/tiny
echo 'from the container' >/srv/tiny/index.html
systemd-run --quiet --unit=tiny ip netns exec tiny busybox httpd -f -p 80 -h /srv/tiny
