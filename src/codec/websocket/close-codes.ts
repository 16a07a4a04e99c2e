// Why a WebSocket is closed (RFC 6455, 7.4.1), by name.

export const CLOSE_CODE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  /** Never on the wire: the other side gave none. */
  none: 1005,
  /** Never on the wire: the connection ended without a word. */
  brokenOff: 1006,
  policyViolation: 1008,
  tooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
} as const;
