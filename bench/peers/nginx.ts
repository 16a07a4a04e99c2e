// nginx: the yardstick that all ratios refer to.
// Rule: set up as its manual advises for proxying (upstream keep-alive, streaming instead of temporary files), with its own
// buffer sizes; how much bigger ones bring where many bytes pass is shown by a contestant of its own.
import { startPeer, versionFrom, writeConfig, type Door, type Peer, type PeerOptions } from './peer.ts';

function listenLines(options: PeerOptions, port: number): string {
  // With several workers each gets its own queue from the kernel, so that the load is spread evenly.
  const shared = options.workers > 1 ? ' reuseport' : '';
  if (options.door !== 'tls' && options.door !== 'h2') return `listen 127.0.0.1:${port}${shared};`;
  return [
    `listen 127.0.0.1:${port} ssl${options.door === 'h2' ? ' http2' : ''}${shared};`,
    `ssl_certificate ${options.certificate.cert};`,
    `ssl_certificate_key ${options.certificate.key};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    'ssl_session_cache shared:s:10m;',
  ].join(' ');
}

const bigBuffers =
  'proxy_buffer_size 16k; proxy_buffers 16 64k; proxy_busy_buffers_size 128k; client_body_buffer_size 64k;';

function configText(options: PeerOptions, port: number, buffers: string): string {
  const upgrade = options.door === 'websocket';
  const { compression } = options;
  const caches = options.caches === true;
  return `
daemon off;
worker_processes ${options.workers};
pid nginx.pid;
error_log error.log error;
events { worker_connections 16384; }
http {
  access_log ${options.accessLog ? 'access.log combined' : 'off'};
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  ${caches ? 'proxy_cache_path cache keys_zone=c:64m max_size=1g inactive=1h; sendfile on;' : ''}
  client_max_body_size 200m;
  tcp_nodelay on;
  upstream backend {
    server 127.0.0.1:${options.backendPort};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    ${listenLines(options, port)}
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      ${upgrade ? 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";' : 'proxy_set_header Connection "";'}
      ${caches ? 'proxy_cache c; proxy_cache_valid 200 1h; proxy_cache_lock on;' : ''}
      proxy_request_buffering off;
      ${caches ? '' : 'proxy_max_temp_file_size 0;'}
      ${buffers}
      ${compression === undefined ? '' : `gzip on; gzip_proxied any; gzip_vary on; gzip_comp_level ${compression.level};`}
    }
  }
}
`;
}

function nginxPeer(name: string, doors: readonly Door[], buffers: string): Peer {
  return {
    name,
    doors,
    findVersion: () => versionFrom('nginx', '-v'),
    start: (options) =>
      startPeer(options, (port) => {
        const config = writeConfig(options, 'nginx.conf', configText(options, port, buffers));
        return { name, command: ['nginx', '-p', options.dir, '-c', config, '-e', 'error.log'] };
      }),
  };
}

export const nginx: Peer = nginxPeer('nginx', ['http', 'tls', 'h2', 'websocket', 'forward'], '');
export const nginxBigBuffers: Peer = nginxPeer('nginx-64k', ['http'], bigBuffers);
