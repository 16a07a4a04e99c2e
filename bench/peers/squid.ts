// Squid, in front of the backend and as a forward proxy.
// Rule: nothing is cached, and no helper programs are started.
import { chmodSync } from 'node:fs';
import { startPeer, versionFrom, writeConfig, type Peer, type PeerOptions } from './peer.ts';

function configText(options: PeerOptions, port: number): string {
  const before =
    options.door === 'forward' || options.door === 'tunnel'
      ? `http_port 127.0.0.1:${port}`
      : `http_port 127.0.0.1:${port} accel no-vhost defaultsite=127.0.0.1
cache_peer 127.0.0.1 parent ${options.backendPort} 0 no-query originserver name=origin
never_direct allow all`;
  return `${before}
http_access allow all
cache deny all
cache_mem 8 MB
access_log none
cache_log ${options.dir}/cache.log
cache_store_log none
pid_filename ${options.dir}/squid.pid
coredump_dir ${options.dir}
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
request_body_max_size 0
client_persistent_connections on
server_persistent_connections on
`;
}

export const squid: Peer = {
  name: 'squid',
  doors: ['http', 'forward', 'tunnel'],
  findVersion: () => versionFrom('squid', '-v'),
  start: (options) =>
    startPeer(options, (port) => {
      // Started by root, it gives its rights up before it writes its files.
      chmodSync(options.dir, 0o777);
      return {
        name: 'squid',
        command: ['squid', '-N', '-f', writeConfig(options, 'squid.conf', configText(options, port))],
      };
    }),
};
