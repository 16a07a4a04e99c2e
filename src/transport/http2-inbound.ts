// What the frames of a client mean (RFC 9113, sections 5 and 6). Rule: what is wrong with one stream ends that stream; what is wrong with
// the framing, the windows or the compression ends the connection, and so does a client that only makes us work.
import { ClosedStreams } from '../codec/http2/closed-streams.ts';
import { type FrameSink, FrameReader } from '../codec/http2/frame-reader.ts';
import {
  FLAG,
  FRAME,
  HTTP2_CODE,
  MAX_WINDOW_BYTES,
  uint31At,
  uint32At,
  writePing,
  writeReset,
  writeWindowUpdate,
} from '../codec/http2/frames.ts';
import { HeaderBlock } from '../codec/http2/header-block.ts';
import { HpackDecoder } from '../codec/http2/hpack-decoder.ts';
import { RequestFields } from '../codec/http2/request-fields.ts';
import { readSettings, SETTING, SETTING_BYTES, writeSettingsAck } from '../codec/http2/settings.ts';
import type { CloseReason } from './connection.ts';
import { Http2Budget } from './http2-budget.ts';
import type { Http2Output } from './http2-output.ts';
import type { Http2ServerStream } from './http2-server-stream.ts';
import type { FlatFields } from './http2-stream.ts';

export interface InboundLimits {
  readonly maxConcurrentStreams: number;
  readonly maxHeadBytes: number;
  readonly maxFields: number;
}

/** The connection whose frames these are. */
export interface InboundHome {
  readonly output: Http2Output;
  readonly streams: ReadonlyMap<number, Http2ServerStream>;
  /** A request; `contentLength`: null without a body, -1 where that is not known. */
  begin(id: number, fields: FlatFields, contentLength: number | null): void;
  /** The connection ends with an error; nothing more is read. */
  fail(code: number, reason: CloseReason): void;
  /** The client has answered our PING. */
  pinged(): void;
  /** The client begins nothing more. */
  clientLeaves(): void;
}

/** What may arrive for all streams together before the slowest one has been read. */
export const CONNECTION_WINDOW_BYTES: number = 1024 * 1024;
const WORTH_TELLING_BYTES = CONNECTION_WINDOW_BYTES >> 1;
/** A compressed head may not be much larger than what it stands for. */
const SPARE_BLOCK_BYTES = 64 * 1024;

/** Requests that are malformed, or refused though the limit was known. */
const FAULTS = 100;
const FAULTS_PER_SECOND = 20;
/** Frames that bring nothing: a request or a body earns some of them back. */
const IDLE_FRAMES = 1000;
const IDLE_FRAMES_PER_SECOND = 200;
const EARNED_BY_WORK = 8;

/** Read one at a time, and none is kept. */
const requestFields = new RequestFields();

export class Http2Inbound implements FrameSink {
  /** The last request that was begun. */
  lastStream = 0;
  /** What comes later than the last stream is not begun, and the client knows. */
  isClosing = false;
  readonly closedStreams: ClosedStreams = new ClosedStreams();
  private readonly idleFrames: Http2Budget = new Http2Budget(IDLE_FRAMES, IDLE_FRAMES_PER_SECOND);
  private readonly faults = new Http2Budget(FAULTS, FAULTS_PER_SECOND);
  private readonly home: InboundHome;
  private readonly limits: InboundLimits;
  private readonly reader: FrameReader = new FrameReader(this);
  private readonly decoder: HpackDecoder = new HpackDecoder();
  private readonly block: HeaderBlock;
  private receivable = CONNECTION_WINDOW_BYTES;
  private untold = 0;
  private sawSettings = false;
  private settingsConfirmed = false;
  /** Whose body is arriving; null when nobody wants it. */
  private dataStream: Http2ServerStream | null = null;

  constructor(home: InboundHome, limits: InboundLimits) {
    this.home = home;
    this.limits = limits;
    this.block = new HeaderBlock(limits.maxHeadBytes + SPARE_BLOCK_BYTES);
  }

  feed(bytes: Buffer, from: number, to: number): void {
    this.reader.feed(bytes, from, to);
  }

  stop(): void {
    this.reader.stop();
  }

  /** So many octets of bodies are used, or will never be. */
  consumed(count: number): void {
    this.untold += count;
    if (this.untold < WORTH_TELLING_BYTES) return;
    writeWindowUpdate(this.home.output.room, 0, this.untold);
    this.receivable += this.untold;
    this.untold = 0;
  }

  // -- Frames --------------------------------------------------------------------------------------------------------

  onFault(code: number): void {
    this.home.fail(code, 'error');
  }

  onFrame(bytes: Buffer, from: number, to: number): void {
    const { type } = this.reader;
    if (!this.mayFollow(type)) this.home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
    else if (type === FRAME.HEADERS) this.headers(bytes, from, to);
    else if (type === FRAME.CONTINUATION) this.continued(bytes, from, to);
    else if (!this.maySend()) this.home.fail(HTTP2_CODE.ENHANCE_YOUR_CALM, 'error');
    else if (type === FRAME.WINDOW_UPDATE) this.windowUpdate(bytes, from);
    else if (type === FRAME.RST_STREAM) this.reset(bytes, from);
    else if (type === FRAME.SETTINGS) this.settings(bytes, from, to);
    else if (type === FRAME.PING) this.ping(bytes, from);
    else if (type === FRAME.PRIORITY) this.priority(bytes, from);
    else if (type === FRAME.GOAWAY) this.goaway();
    else if (type === FRAME.PUSH_PROMISE) this.home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
  }

  /** A client may answer each frame of a body with updates of its windows, and with a ping to measure them. */
  private maySend(): boolean {
    this.idleFrames.earn(this.home.output.takeFramesSent() * EARNED_BY_WORK);
    return this.idleFrames.spend();
  }

  /** The first frame tells the client's settings, and nothing comes between the parts of a header block. */
  private mayFollow(type: number): boolean {
    const { reader, block } = this;
    if (!this.sawSettings) {
      this.sawSettings = true;
      return type === FRAME.SETTINGS && (reader.flags & FLAG.ACK) === 0;
    }
    return block.stream === 0
      ? type !== FRAME.CONTINUATION
      : type === FRAME.CONTINUATION && reader.stream === block.stream;
  }

  /** It has the length that its type has, and belongs to a stream or to none. */
  private isShaped(length: number, hasStream: boolean): boolean {
    const { reader, home } = this;
    if ((reader.stream !== 0) !== hasStream) home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
    else if (reader.length !== length) home.fail(HTTP2_CODE.FRAME_SIZE_ERROR, 'error');
    else return true;
    return false;
  }

  /** A stream that no client can have meant: an even number, or one that was not begun. */
  private isIdle(stream: number): boolean {
    return (stream & 1) === 0 || stream > this.lastStream;
  }

  // -- Heads ---------------------------------------------------------------------------------------------------------

  private headers(bytes: Buffer, from: number, to: number): void {
    const { reader, home, block } = this;
    const { flags, stream } = reader;
    if ((stream & 1) === 0) {
      home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
      return;
    }
    const isPadded = (flags & FLAG.PADDED) !== 0;
    const hasPriority = (flags & FLAG.PRIORITY) !== 0;
    const start = from + (isPadded ? 1 : 0) + (hasPriority ? PRIORITY_BYTES : 0);
    if (start > to) {
      home.fail(HTTP2_CODE.FRAME_SIZE_ERROR, 'error');
      return;
    }
    const end = to - (isPadded ? bytes[from]! : 0);
    const dependsOnItself = hasPriority && uint31At(bytes, start - PRIORITY_BYTES) === stream;
    if (end < start || dependsOnItself) {
      home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
      return;
    }
    block.begin(stream, (flags & FLAG.END_STREAM) !== 0);
    this.takeBlock(bytes, start, end);
  }

  private continued(bytes: Buffer, from: number, to: number): void {
    this.takeBlock(bytes, from, to);
  }

  private takeBlock(bytes: Buffer, from: number, to: number): void {
    const { block, reader, home } = this;
    if ((reader.flags & FLAG.END_HEADERS) === 0) {
      if (!block.keep(bytes, from, to)) home.fail(HTTP2_CODE.ENHANCE_YOUR_CALM, 'error');
      return;
    }
    const { stream, endsStream, isInPieces } = block;
    const isTrailers = home.streams.has(stream);
    requestFields.begin(isTrailers, this.limits.maxHeadBytes, this.limits.maxFields);
    const whole = isInPieces ? block.join(bytes, from, to) : bytes;
    const start = isInPieces ? 0 : from;
    block.end();
    if (!this.decoder.decode(whole, start, isInPieces ? whole.length : to, requestFields)) {
      home.fail(HTTP2_CODE.COMPRESSION_ERROR, 'error');
    } else if (isTrailers) this.trailers(home.streams.get(stream)!, endsStream);
    else if (stream <= this.lastStream) this.headOfClosed(stream);
    else this.request(stream, endsStream);
  }

  private request(id: number, endsStream: boolean): void {
    const { home, limits } = this;
    if (this.isClosing) return;
    this.lastStream = id;
    if (home.streams.size >= limits.maxConcurrentStreams) this.refuse(id, HTTP2_CODE.REFUSED_STREAM);
    else if (requestFields.isTooLarge) this.refuse(id, HTTP2_CODE.ENHANCE_YOUR_CALM);
    else if (!requestFields.isRequest(!endsStream)) this.refuse(id, HTTP2_CODE.PROTOCOL_ERROR);
    else {
      this.idleFrames.earn(EARNED_BY_WORK);
      home.begin(id, requestFields.list, endsStream ? null : requestFields.contentLength);
    }
  }

  /** A request that nobody hears of. */
  private refuse(id: number, code: number): void {
    const { home } = this;
    const isExcused = code === HTTP2_CODE.REFUSED_STREAM && !this.settingsConfirmed;
    this.closedStreams.add(id, true);
    writeReset(home.output.room, id, code);
    if (!isExcused && !this.faults.spend()) home.fail(HTTP2_CODE.ENHANCE_YOUR_CALM, 'error');
  }

  private trailers(stream: Http2ServerStream, endsStream: boolean): void {
    if (stream.remoteEnded) stream.cut(HTTP2_CODE.STREAM_CLOSED);
    else if (!endsStream || requestFields.isMalformed || !this.endOf(stream, requestFields.list)) {
      stream.cut(HTTP2_CODE.PROTOCOL_ERROR);
    } else if (requestFields.isTooLarge) stream.cut(HTTP2_CODE.ENHANCE_YOUR_CALM);
  }

  private endOf(stream: Http2ServerStream, trailers: FlatFields | null): boolean {
    return stream.sawEnd(trailers !== null && trailers.length === 0 ? null : trailers);
  }

  /** A stream that we have given up may still have trailers on their way. */
  private headOfClosed(stream: number): void {
    const { closedStreams, home } = this;
    if (closedStreams.wasGivenUp(stream)) return;
    home.fail(closedStreams.hasEnded(stream) ? HTTP2_CODE.STREAM_CLOSED : HTTP2_CODE.PROTOCOL_ERROR, 'error');
  }

  // -- Bodies --------------------------------------------------------------------------------------------------------

  onDataFrame(): void {
    const { reader, home, block } = this;
    const { stream: id, length } = reader;
    this.dataStream = null;
    if (!this.sawSettings || block.stream !== 0 || this.isIdle(id)) {
      // Behind our farewell a client may have begun streams that we know nothing of.
      const isUnknown = this.sawSettings && block.stream === 0 && this.isClosing && (id & 1) === 1;
      if (!isUnknown) {
        home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
        return;
      }
    }
    this.receivable -= length;
    if (this.receivable < 0) {
      home.fail(HTTP2_CODE.FLOW_CONTROL_ERROR, 'error');
      return;
    }
    const stream = home.streams.get(id);
    if (stream === undefined) this.dataOfClosed(id);
    else if (stream.remoteEnded) stream.cut(HTTP2_CODE.STREAM_CLOSED);
    else if (!stream.takes(length)) stream.cut(HTTP2_CODE.FLOW_CONTROL_ERROR);
    else this.dataStream = stream;
    if (length > 0) this.idleFrames.earn(1);
    else if (!this.idleFrames.spend()) home.fail(HTTP2_CODE.ENHANCE_YOUR_CALM, 'error');
  }

  private dataOfClosed(id: number): void {
    if (this.isClosing || this.closedStreams.wasGivenUp(id)) return;
    this.closedStreams.add(id, true);
    writeReset(this.home.output.room, id, HTTP2_CODE.STREAM_CLOSED);
  }

  onContent(bytes: Buffer, from: number, to: number): void {
    const { dataStream } = this;
    if (dataStream === null) this.consumed(to - from);
    else if (!dataStream.sawData(bytes, from, to)) dataStream.cut(HTTP2_CODE.PROTOCOL_ERROR);
  }

  onDataFrameEnd(): void {
    const { dataStream, reader } = this;
    this.dataStream = null;
    // Padding is of no use to anybody, and so is used up.
    if (reader.padding > 0) {
      this.consumed(reader.padding);
      dataStream?.sawPadding(reader.padding);
    }
    if (dataStream === null || dataStream.closed || (reader.flags & FLAG.END_STREAM) === 0) return;
    if (!this.endOf(dataStream, null)) dataStream.cut(HTTP2_CODE.PROTOCOL_ERROR);
  }

  // -- The rest ------------------------------------------------------------------------------------------------------

  private windowUpdate(bytes: Buffer, from: number): void {
    const { reader, home } = this;
    const id = reader.stream;
    if (!this.isShaped(WORD_BYTES, id !== 0)) return;
    const increment = uint31At(bytes, from);
    if (id === 0) {
      home.output.window += increment;
      if (increment === 0) home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
      else if (home.output.window > MAX_WINDOW_BYTES) home.fail(HTTP2_CODE.FLOW_CONTROL_ERROR, 'error');
      else home.output.pump();
      return;
    }
    const stream = home.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id) && !this.isClosing) home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
    } else if (increment === 0) stream.cut(HTTP2_CODE.PROTOCOL_ERROR);
    else if (!stream.widen(increment)) stream.cut(HTTP2_CODE.FLOW_CONTROL_ERROR);
  }

  private reset(bytes: Buffer, from: number): void {
    const { reader, home } = this;
    if (!this.isShaped(WORD_BYTES, true)) return;
    if (this.isIdle(reader.stream) && !this.isClosing) home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
    else home.streams.get(reader.stream)?.sawReset(uint32At(bytes, from));
  }

  private settings(bytes: Buffer, from: number, to: number): void {
    const { reader, home } = this;
    const isAck = (reader.flags & FLAG.ACK) !== 0;
    if (!this.isShaped(isAck ? 0 : reader.length, false)) return;
    if (isAck) {
      this.settingsConfirmed = true;
      return;
    }
    const isWhole = reader.length % SETTING_BYTES === 0;
    const fault = isWhole
      ? readSettings(bytes.subarray(from, to), (id, value) => this.setting(id, value))
      : HTTP2_CODE.FRAME_SIZE_ERROR;
    if (fault !== HTTP2_CODE.NO_ERROR) home.fail(fault, 'error');
    else {
      writeSettingsAck(home.output.room);
      home.output.pump();
    }
  }

  private setting(id: number, value: number): boolean {
    const { output, streams } = this.home;
    if (id === SETTING.HEADER_TABLE_SIZE) output.encoder.limit(value);
    if (id !== SETTING.INITIAL_WINDOW_SIZE) return true;
    const change = value - output.initialWindow;
    output.initialWindow = value;
    for (const stream of streams.values()) if (!stream.widen(change)) return false;
    return true;
  }

  private ping(bytes: Buffer, from: number): void {
    const { reader, home } = this;
    if (!this.isShaped(PING_BYTES, false)) return;
    if ((reader.flags & FLAG.ACK) !== 0) home.pinged();
    else writePing(home.output.room, FLAG.ACK, bytes, from);
  }

  /** Nobody here goes by priorities (RFC 9113, 5.3); what is none is an error all the same. */
  private priority(bytes: Buffer, from: number): void {
    const { reader, home } = this;
    if (!this.isShaped(PRIORITY_BYTES, true)) return;
    if (uint31At(bytes, from) === reader.stream) home.fail(HTTP2_CODE.PROTOCOL_ERROR, 'error');
  }

  private goaway(): void {
    const { reader, home } = this;
    if (!this.isShaped(Math.max(reader.length, GOAWAY_BYTES), false)) return;
    home.clientLeaves();
  }
}

const WORD_BYTES = 4;
const PRIORITY_BYTES = 5;
const PING_BYTES = 8;
const GOAWAY_BYTES = 8;
