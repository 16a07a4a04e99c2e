// tinyproxy, a forward proxy with one thread per connection.
// Rule: it knows no keep-alive, so its figures contain a connection on each side per request.
import { startPeer, versionFrom, writeConfig, type Peer, type PeerOptions } from './peer.ts';

function configText(_options: PeerOptions, port: number): string {
  return `Listen 127.0.0.1
Port ${port}
Timeout 600
MaxClients 1000
LogLevel Critical
Allow 127.0.0.1
`;
}

export const tinyproxy: Peer = {
  name: 'tinyproxy',
  doors: ['forward', 'tunnel'],
  findVersion: () => versionFrom('tinyproxy', '-v'),
  start: (options) =>
    startPeer(options, (port) => ({
      name: 'tinyproxy',
      command: ['tinyproxy', '-d', '-c', writeConfig(options, 'tinyproxy.conf', configText(options, port))],
    })),
};
