// A WebSocket by which OpenAI answers, as Codex uses it: of what the server says, each answer is told of when it is over. Rule: nothing is
// held and nothing is changed; what was begun and not finished counts as what it has said.
import type { MessageCompression } from '../../codec/websocket/compression.ts';
import { FrameReader, type MessageSink } from '../../codec/websocket/frame-reader.ts';
import type { UpgradeWatch } from '../../contract/policy.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { UsageOwner } from './counted-body.ts';
import { InflatedMessages } from './inflated-messages.ts';
import { type AnswerMessages, type NoteLimits, SocketAnswers } from './socket-answers.ts';

export class CountedSocket implements UpgradeWatch {
  private readonly frames: FrameReader;
  private readonly answers: SocketAnswers;
  private readonly messages: SortedMessages;

  constructor(compression: MessageCompression, owner: UsageOwner, tell: TellUsage, noteLimits: NoteLimits = () => {}) {
    this.answers = new SocketAnswers(owner, tell, noteLimits);
    this.messages = new SortedMessages(this.answers, compression !== 'unknown');
    this.frames = new FrameReader({ allowsCompression: compression !== 'none', sink: this.messages });
  }

  take(bytes: Uint8Array, from: number, to: number): void {
    this.frames.take(bytes, from, to);
    if (this.frames.state === 'broken') this.answers.lost();
  }

  end(): void {
    this.messages.close(() => this.answers.close());
  }
}

/** Some messages of a connection are compressed and some are not, and those may overtake these. */
class SortedMessages implements MessageSink {
  private readonly answers: SocketAnswers;
  private readonly isReadable: boolean;
  private readonly plain: AnswerMessages;
  private readonly inflated: InflatedMessages;
  private isText = false;
  private isCompressed = false;

  constructor(answers: SocketAnswers, isReadable: boolean) {
    this.answers = answers;
    this.isReadable = isReadable;
    this.plain = answers.messages();
    this.inflated = new InflatedMessages(answers.messages());
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.isText = isText;
    this.isCompressed = isCompressed;
    if (!this.isReadable) this.answers.lost();
  }

  part(bytes: Uint8Array, from: number, to: number): void {
    if (!this.isReadable) return;
    // Also of what is no text: what follows may point back to it.
    if (this.isCompressed) this.inflated.part(bytes, from, to);
    else if (this.isText) this.plain.part(bytes, from, to);
  }

  end(): void {
    if (!this.isReadable) return;
    if (this.isCompressed) this.inflated.end();
    else if (this.isText) this.plain.end();
  }

  close(done: () => void): void {
    this.inflated.close(done);
  }
}
