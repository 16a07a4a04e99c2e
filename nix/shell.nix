# What it takes to work on Sluice: `npm ci` brings the rest.
{ pkgs }:
pkgs.mkShell {
  packages = [
    pkgs.nodejs_latest
    pkgs.openssl
    pkgs.haproxy
    pkgs.redis
  ];
}
