// The Buffer of Node in types that others read. Types only. Rule: where the types of Node are not there it is the array of bytes that it is
// anyway, so that whoever writes against us does not need them.
export type NodeBuffer = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer B } }
  ? B
  : Uint8Array;
