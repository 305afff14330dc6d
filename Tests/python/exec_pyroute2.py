"""What pyroute2 0.9 finds, and what it can change: the same on a local kernel and under `nlgate exec`.

    exec_pyroute2.py sync|async|ndb|change|refused INTERFACE
"""
import asyncio
import json
import sys

from pyroute2 import NDB, AsyncIPRoute, IPRoute, NetlinkError


def steady(message):
    """One message without what counts, runs or is random, as one line."""
    left_out = {"IFLA_STATS", "IFLA_STATS64", "IFLA_AF_SPEC", "IFA_CACHEINFO", "RTA_CACHEINFO", "IFLA_LINKINFO",
                "NDA_CACHEINFO", "TCA_STATS", "TCA_STATS2", "UNKNOWN"}
    attributes = [pair for pair in message["attrs"] if pair[0] not in left_out]
    fields = {name: value for name, value in message.items() if name not in ("attrs", "header", "target")}
    return json.dumps([fields, attributes], sort_keys=True, default=str)


def show(name, messages):
    for line in sorted(steady(message) for message in messages):
        print(name, line)


def read_sync(interface):
    with IPRoute() as ipr:
        show("link", ipr.get_links())
        show("address", ipr.get_addr())
        show("route", ipr.get_routes())
        show("rule", ipr.get_rules())
        show("neighbour", ipr.get_neighbours())
        show("qdisc", ipr.get_qdiscs())
        print("index", ipr.link_lookup(ifname=interface))
        try:
            ipr.link("set", index=0x7fffffff, state="up")
        except NetlinkError as error:
            print("refused", error.code)


async def read_async(interface):
    async with AsyncIPRoute() as ipr, AsyncIPRoute() as second:
        async def gather(request):
            answer = await request
            return answer if isinstance(answer, list) else [message async for message in answer]
        links = await gather(ipr.link("dump"))
        addresses, routes = await asyncio.gather(gather(second.addr("dump")), gather(ipr.route("dump")))
        show("link", links)
        show("address", addresses)
        show("route", routes)
        print("index", await ipr.link_lookup(ifname=interface))
        # Many at once on one socket.
        answers = await asyncio.gather(*(gather(ipr.link("get", index=1)) for _ in range(20)))
        print("answers", sum(answer[0]["index"] for answer in answers))


def read_ndb(interface):
    with NDB() as ndb:
        names = ("ifname", "address", "mtu", "state", "index")
        for link in sorted(ndb.interfaces.dump(), key=lambda one: one["index"]):
            print("link", [link[name] for name in names])
        for address in sorted(ndb.addresses.dump(), key=lambda one: (one["index"], one["address"])):
            print("address", address["index"], address["address"], address["prefixlen"])
        print("routes", sorted((one["dst"], one["dst_len"], one["table"]) for one in ndb.routes.dump()))
        print(sorted(one["address"] for one in ndb.interfaces[interface].ipaddr.dump()))


def change(interface):
    with NDB() as ndb:
        with ndb.interfaces.create(ifname="ndb0", kind="veth", peer="ndb1") as link:
            link.set("mtu", 1300)
            link.add_ip("10.88.0.1/24")
            link.set("state", "up")
        print("made", ndb.interfaces["ndb0"]["mtu"], ndb.interfaces["ndb0"]["state"])
        with ndb.routes.create(dst="10.89.0.0/24", gateway="10.88.0.2") as route:
            print("route", route["dst"])
    with IPRoute() as ipr, IPRoute() as other:
        # What others do is heard.
        ipr.bind()
        print("found", [link.get("ifname") for link in other.get_links(ifname="ndb0")])
        other.link("set", index=other.link_lookup(ifname="ndb0")[0], mtu=1299)
        heard = []
        while not heard:
            heard = [one for one in ipr.get() if one.get("event") == "RTM_NEWLINK" and one.get("mtu") == 1299]
        print("heard", heard[0].get("ifname"))
        other.link("del", ifname="ndb0")
        print("left", list(other.link_lookup(ifname="ndb0")))


def refused(interface):
    with IPRoute() as ipr:
        try:
            ipr.link("set", ifname=interface, state="down")
        except NetlinkError as error:
            print(error.code, error)


if __name__ == "__main__":
    what, name = sys.argv[1:]
    if what == "async":
        asyncio.run(read_async(name))
    else:
        {"sync": read_sync, "ndb": read_ndb, "change": change, "refused": refused}[what](name)
