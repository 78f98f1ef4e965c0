#!/usr/bin/python3
"""Takes the spoken lines out of Debian's flight-of-the-amazon-queen (queen.1c), as they are: MP3.

usage: queen.py queen.1c DIR
"""
import os, struct, sys

data, out = open(sys.argv[1], 'rb').read(), sys.argv[2]
os.makedirs(out, exist_ok=True)
assert data[:4] == b'QTBL'
count, at = struct.unpack('>H', data[13:15])[0], 15
for _ in range(count):
    name, _, offset, size = struct.unpack('>12sBII', data[at:at + 21])
    name, at = name.rstrip(b'\0').decode('latin-1'), at + 21
    if name.endswith('.SB') and size > 4000:
        with open(os.path.join(out, name[:-3] + '.mp3'), 'wb') as f:
            f.write(data[offset:offset + size])
