// The header list of a request or of its trailers, as it is read. Rule: what RFC 9113 (8.2, 8.3) calls malformed is told from what is
// well-formed before anybody sees it; a list that is too long is counted to its end and kept no longer.
import { type HeaderField, KIND } from './header-field.ts';
import type { FieldSink } from './hpack-decoder.ts';

/** The characters that an authority, a path, a method and a scheme are made of; what is more, others have to find. */
const AUTHORITY = /^[A-Za-z0-9._~%!$&'()*+,;=:[\]-]+$/;
const NO_PATH = /[\0-\x20\x7f]/;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const LENGTH = /^\d{1,15}$/;

export class RequestFields implements FieldSink {
  /** Names and values in turn, as they came. */
  list: string[] = [];
  isMalformed = false;
  isTooLarge = false;
  /** What Content-Length says; -1 without it. */
  contentLength = -1;
  private maxBytes = 0;
  private maxFields = 0;
  private bytes = 0;
  private fields = 0;
  private isTrailers = false;
  private sawField = false;
  private method = '';
  private scheme = '';
  private path = '';
  private authority = '';
  private host = '';

  begin(isTrailers: boolean, maxBytes: number, maxFields: number): void {
    this.list = [];
    this.isMalformed = false;
    this.isTooLarge = false;
    this.contentLength = -1;
    this.maxBytes = maxBytes;
    this.maxFields = maxFields;
    this.bytes = 0;
    this.fields = 0;
    this.isTrailers = isTrailers;
    this.sawField = false;
    this.method = '';
    this.scheme = '';
    this.path = '';
    this.authority = '';
    this.host = '';
  }

  onField(field: HeaderField): void {
    this.bytes += field.size;
    this.fields += 1;
    if (this.bytes > this.maxBytes || this.fields > this.maxFields) {
      this.isTooLarge = true;
      return;
    }
    this.list.push(field.name, field.value);
    if (!field.isSound) this.isMalformed = true;
    const { kind } = field;
    if (kind >= KIND.METHOD && kind <= KIND.STRANGE_PSEUDO) this.takePseudo(kind, field.value);
    else {
      this.sawField = true;
      if (kind !== KIND.OTHER) this.takeSpecial(kind, field.value);
    }
  }

  private takePseudo(kind: number, value: string): void {
    const isLate = this.isTrailers || this.sawField;
    if (isLate || kind === KIND.STRANGE_PSEUDO || value === '' || !this.takeOnce(kind, value)) this.isMalformed = true;
  }

  private takeOnce(kind: number, value: string): boolean {
    if (kind === KIND.METHOD) return this.method === '' && METHOD.test((this.method = value));
    if (kind === KIND.SCHEME) return this.scheme === '' && SCHEME.test((this.scheme = value));
    if (kind === KIND.PATH) return this.path === '' && !NO_PATH.test((this.path = value));
    return this.authority === '' && AUTHORITY.test((this.authority = value));
  }

  private takeSpecial(kind: number, value: string): void {
    if (kind === KIND.HOST) {
      if (this.host !== '' || !AUTHORITY.test((this.host = value))) this.isMalformed = true;
    } else if (kind === KIND.LENGTH) {
      if (this.contentLength >= 0 || !LENGTH.test(value)) this.isMalformed = true;
      else this.contentLength = Number(value);
    } else if (kind === KIND.OF_CONNECTION || value.toLowerCase() !== 'trailers') this.isMalformed = true;
  }

  /** All of a request has been read: is it one? Without a body it has to be one of no length. */
  isRequest(hasBody: boolean): boolean {
    if (this.isMalformed || this.method === '') return false;
    if (this.method === 'CONNECT') return this.authority !== '' && this.scheme === '' && this.path === '';
    if (this.scheme === '' || this.path === '' || (this.authority === '' && this.host === '')) return false;
    if (!hasBody && this.contentLength > 0) return false;
    return (
      this.path.charCodeAt(0) === SLASH || !isHttp(this.scheme) || (this.path === '*' && this.method === 'OPTIONS')
    );
  }
}

const SLASH = 47;

function isHttp(scheme: string): boolean {
  return scheme === 'http' || scheme === 'https';
}
