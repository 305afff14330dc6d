# Runs under Python 2.7 with a release of pyroute2 0.1 on its path, unmodified, against a gateway.
#   old_client.py VERSION read|write|refused|ipdb|taskstats|monitor|dump URL [ARGUMENT]
# Prints one JSON object a line.
import json
import os
import sys
import time

from pyroute2.netlink import iproute as routes

version, case, url = sys.argv[1:4]
argument = sys.argv[4] if len(sys.argv) > 4 else ''
release = int(version.split('.')[2])


def say(value):
    print(json.dumps(value))
    sys.stdout.flush()


def mend(netlink):
    # Until 0.1.7 a client sends all that it receives to its own control socket too, where nobody reads: after some
    # 200 KiB it stops for good, also with a local kernel. Without that socket in its list it lives.
    if 4 < release < 9:
        netlink.iothread.clients.clear()
    return netlink


def attribute(message, name):
    for key, value in message.get('attrs', []):
        if key == name:
            return value
    return None


def connect():
    return mend((getattr(routes, 'IPRoute', None) or routes.iproute)(host=url))


def failure(error):
    return getattr(error, 'code', None) or getattr(error, 'errno', None) or repr(error)


def attempt(call, *arguments):
    try:
        call(*arguments)
        return 0
    except Exception as error:
        return failure(error)


def index_of(ip, name):
    return [link['index'] for link in ip.get_links() if attribute(link, 'IFLA_IFNAME') == name][0]


def link(ip, action, index, **attributes):
    if release < 7:
        return ip.link(action, index, **attributes)
    return ip.link(action, index=index, **attributes)


def read():
    ip = connect()
    say({'links': sorted([link['index'], attribute(link, 'IFLA_IFNAME'), attribute(link, 'IFLA_ADDRESS'),
                          attribute(link, 'IFLA_MTU')] for link in ip.get_links()),
         'addresses': sorted([address['index'], attribute(address, 'IFA_ADDRESS'), address['prefixlen']]
                             for address in ip.get_addr() if address['family'] == 2),
         'neighbours': len(ip.get_neighbors()),
         'routes': len(ip.get_routes())})


def write():
    ip = connect()
    index = index_of(ip, argument)
    say({'add': [attempt(ip.addr, 'add', index, '192.0.2.%d' % number, 24) for number in range(1, 6)],
         'again': attempt(ip.addr, 'add', index, '192.0.2.1', 24),
         'delete': attempt(ip.addr, 'delete', index, '192.0.2.5', 24),
         'gone': attempt(ip.addr, 'delete', index, '192.0.2.5', 24)})


def refused():
    # Nothing of this is granted; reading goes on as if nothing had been asked.
    ip = connect()
    index = index_of(ip, argument)
    codes = [attempt(ip.addr, 'add', index, '192.0.2.1', 24), attempt(ip.addr, 'delete', index, '192.0.2.1', 24),
             attempt(lambda: link(ip, 'set', index, ifname='other')), attempt(link, ip, 'delete', index),
             attempt(lambda: ip.route('add', '198.51.100.0', 24, gateway='192.0.2.9'))]
    db = view()

    def change():
        with db[argument] as link:
            add_address(link, '10.0.0.1')
            link['ifname'] = 'vpn'
        if getattr(link, 'last_error', None):
            raise link.last_error

    say({'codes': codes, 'commit': attempt(change), 'links': len(ip.get_links()),
         'view': argument in db and 'vpn' not in db})


def add_address(link, address):
    if release < 6:
        link['ipaddr'].add((address, 24))
    else:
        link.add_ip(address, 24)


# Until 0.1.6 an event that comes between two requests of a change takes the rest of the change away, leaves the view with
# the old name, or makes the client undo too little ("we can not cope with that", says its source). What is lost is asked
# for again, by a client that has looked anew.
TRIES = 1 if release > 6 else 8


def until(condition, seconds):
    # The view follows by events.
    end = time.time() + seconds
    while not condition() and time.time() < end:
        time.sleep(0.05)
    return condition()


def view():
    from pyroute2.netlink import ipdb as module
    db = (getattr(module, 'IPDB', None) or module.ipdb)(host=url)
    if release < 9:
        mend(db['ip'] if 'ip' in db else db.ip)
    return db


def ipdb():
    wanted = {('10.0.0.1', 24), ('10.0.0.2', 24)}

    def addresses(name):
        return set(entry for entry in db[name].ipaddr if ':' not in entry[0]) if name in db else set()

    for _ in range(TRIES):
        db = view()
        name = argument if argument in db else 'vpn'
        with db[name] as link:
            link['address'] = '00:11:22:33:44:55'
            for address, _ in wanted - addresses(name):
                add_address(link, address)
            link['ifname'] = 'vpn'
        if until(lambda: wanted <= addresses('vpn'), 20 // TRIES):
            break
    say({'renamed': 'vpn' in db, 'addresses': sorted(addresses('vpn'))})
    # Until 0.1.6 there are no ports to add.
    if release > 6:
        with db['nlgBridge'] as bridge:
            bridge.add_port(db['vpn'])
        until(lambda: db['nlgBridge'].ports, 20)
        say({'ports': len(db['nlgBridge'].ports)})

    def clash():
        with db['vpn'] as link:
            add_address(link, '10.0.0.3')
            link['ifname'] = 'lo'
        # Until 0.1.5 an error at the end of a transaction is kept instead of raised.
        if getattr(link, 'last_error', None):
            raise link.last_error

    def kernel():
        # What is there, asked anew: a view that has missed something would say what it hoped for.
        ip = connect()
        index = index_of(ip, 'vpn')
        return set((attribute(address, 'IFA_ADDRESS'), address['prefixlen'])
                   for address in ip.get_addr() if address['family'] == 2 and address['index'] == index)

    for _ in range(TRIES):
        refused = bool(attempt(clash))
        if until(lambda: addresses('vpn') == wanted, 20 // TRIES) and kernel() == wanted and refused:
            break
        ip = connect()
        for address, length in kernel() - wanted:
            attempt(ip.addr, 'delete', index_of(ip, 'vpn'), address, length)
        for address, length in wanted - kernel():
            attempt(ip.addr, 'add', index_of(ip, 'vpn'), address, length)
        db = view()
    say({'clash': refused, 'addresses': sorted(addresses('vpn'))})


def taskstats():
    # The class itself asks for an attribute that no release from 0.1.4 on has, so it never got as far as its first
    # request. What it wants to do there is done here; everything else is its own.
    from pyroute2 import netlink as base
    from pyroute2.netlink import taskstats as module
    parent = getattr(base, 'Netlink', None) or base.netlink
    child = getattr(module, 'TaskStats', None) or module.taskstats

    class Remote(child):
        def __init__(self):
            parent.__init__(self, host=url)
            mend(self)
            classes = [marshal.msg_map for marshal in self.iothread.marshals.values()]
            for table in classes:
                table[module.GENL_ID_CTRL] = module.ctrlmsg
            self.prid = self.get_protocol_id('TASKSTATS')
            for table in classes:
                table[self.prid] = module.taskstatsmsg

    answer = Remote().get_pid_stat(int(argument))[0]
    aggregate = attribute(answer, 'TASKSTATS_TYPE_AGGR_PID')
    # The fields behind the first one are eight bytes off in some releases, also with a local kernel.
    say({'pid': attribute(aggregate, 'TASKSTATS_TYPE_PID'),
         'version': attribute(aggregate, 'TASKSTATS_TYPE_STATS')['version']})


def monitor():
    # Until the route to ARGUMENT appears.
    ip = connect()
    ip.monitor()
    say({'ready': True})
    while True:
        try:
            events = ip.get()
        except Exception as error:
            if 'Empty' in repr(error):
                continue
            say({'failure': failure(error)})
            return
        for event in events:
            found = {'event': event.get('event'), 'name': attribute(event, 'IFLA_IFNAME'),
                     'address': attribute(event, 'IFA_ADDRESS'), 'destination': attribute(event, 'RTA_DST')}
            say(dict((key, value) for key, value in found.items() if value is not None))
            if found['destination'] == argument:
                return


def dump():
    ip = connect()
    count = 0
    for route in ip.get_routes():
        count += (attribute(route, 'RTA_DST') or '').startswith('10.100.')
    say({'routes': count})


cases = {'read': read, 'write': write, 'refused': refused, 'ipdb': ipdb, 'taskstats': taskstats,
         'monitor': monitor, 'dump': dump}
cases[case]()
# Their threads know no end.
os._exit(0)
