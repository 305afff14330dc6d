"""What getifaddrs and if_nameindex of the C library say to a Python program."""
import ctypes
import socket


class IfAddrs(ctypes.Structure):
    pass


IfAddrs._fields_ = [("next", ctypes.POINTER(IfAddrs)), ("name", ctypes.c_char_p), ("flags", ctypes.c_uint),
                    ("address", ctypes.c_void_p)]

libc = ctypes.CDLL(None, use_errno=True)
first = ctypes.POINTER(IfAddrs)()
if libc.getifaddrs(ctypes.byref(first)) != 0:
    raise OSError(ctypes.get_errno(), "getifaddrs")
entry = first
while entry:
    one = entry.contents
    text = "-"
    if one.address:
        family = ctypes.c_ushort.from_address(one.address).value
        offset, size = {socket.AF_INET: (4, 4), socket.AF_INET6: (8, 16)}.get(family, (0, 0))
        if size:
            text = socket.inet_ntop(family, ctypes.string_at(one.address + offset, size))
    # IFF_RUNNING comes and goes.
    print(one.name.decode(), hex(one.flags & ~0x40), text)
    entry = one.next
libc.freeifaddrs(first)
print(socket.if_nameindex())
