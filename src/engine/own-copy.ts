// Heads in memory of their own. Rule: whatever becomes of the bytes that a head came in, the copy stays as it was.
import { Buffer } from 'node:buffer';
import { Head } from '../codec/http1/head.ts';

/** Most heads of answers fit; it is kept as long as the connection of the client. */
const ROOM_BYTES = 1024;
const ROOM_FIELDS = 24;

/** For whoever needs a received head longer than the bytes that it came in. */
export function ownCopy(head: Head): Head {
  const { bytes, start, length, count } = head;
  // Its own room is as large as it needs: that of a head which is yet to be read is many times dearer to make.
  const copy = new Head(count);
  copy.bytes = Buffer.from(bytes.subarray(start, start + length));
  return describe(head, copy);
}

/** A copy for one exchange after the other: each takes the place of the one before. */
export class HeadCopy {
  private readonly copy: Head = new Head(ROOM_FIELDS);
  private readonly room: Buffer = Buffer.allocUnsafeSlow(ROOM_BYTES);

  /** One that is large gets room of its own. */
  of(head: Head): Head {
    const { bytes, start, length, count } = head;
    if (length > ROOM_BYTES || count > ROOM_FIELDS) return ownCopy(head);
    bytes.copy(this.room, 0, start, start + length);
    this.copy.bytes = this.room;
    return describe(head, this.copy);
  }
}

function describe(head: Head, copy: Head): Head {
  const { length, count } = head;
  copy.length = length;
  copy.status = head.status;
  copy.reasonFrom = head.reasonFrom;
  copy.reasonTo = head.reasonTo;
  copy.versionMinor = head.versionMinor;
  copy.count = count;
  for (let i = 0; i < count * 4; i++) copy.fields[i] = head.fields[i]!;
  for (let i = 0; i < count; i++) {
    copy.ids[i] = head.ids[i]!;
    copy.drop[i] = head.drop[i]!;
  }
  copy.framing = head.framing;
  copy.contentLength = head.contentLength;
  copy.keepAlive = head.keepAlive;
  copy.wantsUpgrade = head.wantsUpgrade;
  copy.hostIndex = head.hostIndex;
  copy.said = head.said;
  return copy;
}
