# services.sluice: the program as a service, its state in /var/lib/sluice.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.sluice;
  format = pkgs.formats.yaml { };
  file = if cfg.configFile != null then cfg.configFile else format.generate "sluice.yaml" cfg.settings;
in
{
  options.services.sluice = {
    enable = lib.mkEnableOption "Sluice";
    package = lib.mkPackageOption pkgs "sluice" { };
    settings = lib.mkOption {
      inherit (format) type;
      default = { };
      example = {
        gateway.default_backend = "http://127.0.0.1:3000";
      };
      description = "What stands in sluice.yaml. Secrets belong into `environmentFile`, as \${NAME} here.";
    };
    configFile = lib.mkOption {
      type = lib.types.nullOr lib.types.path;
      default = null;
      description = "A file in place of `settings`.";
    };
    environmentFile = lib.mkOption {
      type = lib.types.nullOr lib.types.path;
      default = null;
      description = "Variables that the configuration names, which must not lie in the store.";
    };
    openFirewall = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Opens `ports` in the firewall.";
    };
    ports = lib.mkOption {
      type = lib.types.listOf lib.types.port;
      default = [ 8080 ];
      description = "Of the doors that others may reach.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    # Under one name, so that other settings make no other service of it, which would be started anew and not reloaded.
    environment.etc."sluice/sluice.yaml".source = file;
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall cfg.ports;
    # Connections that wait at a door that closes go on to the one that takes its place.
    boot.kernel.sysctl."net.ipv4.tcp_migrate_req" = lib.mkDefault 1;
    systemd.services.sluice = {
      description = "Sluice, one program for every way traffic moves";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      reloadTriggers = [ file ];
      environment = {
        SLUICE_PROCESS__DATA_DIR = "/var/lib/sluice";
        XDG_CACHE_HOME = "/var/cache/sluice";
      };
      # For systemd-notify.
      path = [ pkgs.systemd ];
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "all";
        ExecStart = "${lib.getExe cfg.package} up -c /etc/sluice/sluice.yaml";
        ExecReload = "${lib.getExe cfg.package} reload";
        EnvironmentFile = lib.optional (cfg.environmentFile != null) cfg.environmentFile;
        Restart = "on-failure";
        RestartSec = 1;
        RestartPreventExitStatus = 3;
        WatchdogSec = 30;
        TimeoutStopSec = 40;
        KillMode = "mixed";
        DynamicUser = true;
        StateDirectory = "sluice";
        StateDirectoryMode = "0700";
        CacheDirectory = "sluice";
        WorkingDirectory = "/var/lib/sluice";
        UMask = "0077";
        LimitNOFILE = 1048576;
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
        NoNewPrivileges = true;
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectClock = true;
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectControlGroups = true;
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_UNIX"
          "AF_NETLINK"
        ];
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        LockPersonality = true;
        RemoveIPC = true;
        ProtectProc = "invisible";
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged"
        ];
        SystemCallErrorNumber = "EPERM";
      };
    };
  };
}
