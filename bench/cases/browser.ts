// A small answer with the headers that Chrome sends (about 700 bytes) and a web application answers with (about ten).
import { smallAnswer } from '../harness/backend.ts';
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

export const chromeHeaders = {
  'sec-ch-ua': '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'Upgrade-Insecure-Requests': '1',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-User': '?1',
  'Sec-Fetch-Dest': 'document',
  Referer: 'http://shop.example/catalogue?page=2',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
  Cookie: 'session=3f2c9a1e7b5d4c68a0f1e2d3c4b5a697; theme=dark; consent=1',
};

export const browser: Case = httpCase({
  name: 'browser',
  title: 'Small answer, headers as browsers and applications send them',
  contestants: plain('sluice', 'nginx', 'haproxy', 'caddy', 'fast-proxy', 'http-proxy'),
  path: '/typical',
  answerBytes: smallAnswer.length,
  headers: chromeHeaders,
});
