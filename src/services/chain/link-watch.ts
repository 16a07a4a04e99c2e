// What whoever dials through a chain does with what comes of it. Rule: the members of a link are told how it went when its connection
// has ended, whoever has used it until then.
import { SluiceError } from '../../core/errors.ts';
import type { ChainFailure, ChainLink } from './chain-link.ts';

export function watchLink(link: ChainLink): void {
  const { connection } = link;
  const [written, read] = [connection.bytesWritten, connection.bytesRead];
  connection.onEnd = (reason) => {
    link.release({
      bytesSent: connection.bytesWritten - written,
      bytesReceived: connection.bytesRead - read + link.leftover.length,
      wasReset: reason === 'reset',
    });
  };
}

/** The failure as the error that its request gets. */
export function chainError({ error, retryAfterMs }: ChainFailure): SluiceError {
  if (retryAfterMs === null) return error;
  return new SluiceError(error.code, { message: error.message, cause: error, retryAfterMs });
}
