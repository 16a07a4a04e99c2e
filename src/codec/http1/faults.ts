// Everything that the codec refuses, one constant each, so that refusing costs no more than accepting.
// Rule: a detail names the rule that was broken and never quotes the message.
import type { ErrorCode } from '../../core/errors.ts';

export interface Fault {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** The codes are those of a request; a fault in a response is always `upstream_invalid`. */
export const FAULT = {
  method: { code: 'request_invalid', detail: 'The method is not a token.' },
  methodTooLong: { code: 'request_invalid', detail: 'The method is too long.' },
  target: {
    code: 'request_invalid',
    detail: 'The request target is missing or holds an octet that is not allowed there.',
  },
  targetForm: { code: 'request_invalid', detail: 'The request target has none of the allowed forms.' },
  targetAuthority: {
    code: 'request_invalid',
    detail: 'The authority of the request target is not a valid host and port.',
  },
  targetTooLong: { code: 'request_target_too_long', detail: 'The request target is longer than the limit.' },
  version: { code: 'request_invalid', detail: 'The start line does not hold a valid HTTP version.' },
  versionUnsupported: { code: 'request_version_unsupported', detail: 'The HTTP version is not 1.x.' },
  startLineEnd: { code: 'request_invalid', detail: 'The start line does not end with CRLF.' },
  emptyLines: { code: 'request_invalid', detail: 'Too many empty lines precede the request.' },
  status: { code: 'request_invalid', detail: 'The status code is not three digits from 100 on.' },
  reason: { code: 'request_invalid', detail: 'The reason phrase holds an octet that is not allowed there.' },
  fieldName: { code: 'request_invalid', detail: 'A field name is not a token followed by a colon.' },
  fieldFolded: { code: 'request_invalid', detail: 'A line begins with whitespace.' },
  fieldValue: {
    code: 'request_invalid',
    detail: 'A field value holds an octet that is not allowed there, or its line does not end with CRLF.',
  },
  headEnd: { code: 'request_invalid', detail: 'The head does not end with CRLF.' },
  headTooLarge: { code: 'request_head_too_large', detail: 'The head is larger than the limit.' },
  tooManyFields: { code: 'request_head_too_large', detail: 'The head has more fields than the limit.' },
  hostMissing: { code: 'request_invalid', detail: 'The Host field is missing.' },
  hostRepeated: { code: 'request_invalid', detail: 'There is more than one Host field.' },
  hostInvalid: { code: 'request_invalid', detail: 'The Host field is not a valid host and port.' },
  connectionOption: { code: 'request_invalid', detail: 'The Connection field is not a list of tokens.' },
  connectionTooLong: { code: 'request_invalid', detail: 'The Connection field lists too many options.' },
  lengthInvalid: {
    code: 'request_invalid',
    detail: 'The Content-Length field is not a decimal number of at most 15 digits.',
  },
  lengthRepeated: { code: 'request_invalid', detail: 'There is more than one Content-Length field.' },
  lengthAndCoding: {
    code: 'request_invalid',
    detail: 'There are both a Content-Length and a Transfer-Encoding field.',
  },
  codingInOldVersion: { code: 'request_invalid', detail: 'There is a Transfer-Encoding field in an HTTP/1.0 message.' },
  codingInvalid: {
    code: 'request_invalid',
    detail: 'The Transfer-Encoding field is not a valid list that ends with chunked, once.',
  },
  codingUnsupported: { code: 'request_coding_unsupported', detail: 'A transfer coding other than chunked is used.' },
  connectBody: { code: 'request_invalid', detail: 'A CONNECT request has a body.' },
  bodyTooLarge: { code: 'request_body_too_large', detail: 'The body is larger than the limit.' },
  chunkSize: { code: 'request_invalid', detail: 'A chunk size is not a hexadecimal number of at most 13 digits.' },
  chunkExtension: { code: 'request_invalid', detail: 'A chunk extension holds an octet that is not allowed there.' },
  chunkExtensionTooLong: { code: 'request_invalid', detail: 'The chunk extensions are longer than the limit.' },
  chunkLine: { code: 'request_invalid', detail: 'A chunk size line does not end with CRLF.' },
  chunkEnd: { code: 'request_invalid', detail: 'A chunk is not followed by CRLF.' },
  tooManyInterim: { code: 'request_invalid', detail: 'There are more interim responses than the limit.' },
  cut: { code: 'request_invalid', detail: 'The connection was closed in the middle of the message.' },
} as const;
