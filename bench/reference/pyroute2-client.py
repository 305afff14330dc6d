# Runs under Python 2.7 with pyroute2 0.1.12 on its path: one process serves, another asks.
import os
import signal
import sys
import time
import traceback

from pyroute2 import IPRoute

path, work, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
url = 'unix://' + path
# What an earlier run left would be taken for the server's.
if os.path.exists(path):
    os.unlink(path)
status = 1
server = os.fork()
if server == 0:
    ip = IPRoute()
    ip.serve(url)
    while True:
        time.sleep(60)
try:
    while not os.path.exists(path):
        time.sleep(0.05)
    ip = IPRoute(host=url)
    if work == 'roundtrips':
        times = []
        for _ in range(count):
            start = time.time()
            ip.get_links(1)
            times.append(time.time() - start)
        times.sort()
        print(times[count // 2])
    else:
        start = time.time()
        ip.get_routes()
        print(time.time() - start)
    sys.stdout.flush()
    status = 0
except Exception:
    traceback.print_exc()
finally:
    os.kill(server, signal.SIGKILL)
    os._exit(status)
