# The package, a shell to work in, an overlay and a NixOS module.
{
  description = "Sluice, one program for every way traffic moves";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forAll = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = forAll (pkgs: rec {
        sluice = pkgs.callPackage ./nix/package.nix { };
        default = sluice;
      });
      devShells = forAll (pkgs: { default = import ./nix/shell.nix { inherit pkgs; }; });
      overlays.default = final: _previous: { sluice = final.callPackage ./nix/package.nix { }; };
      nixosModules.default = {
        imports = [ ./nix/module.nix ];
        nixpkgs.overlays = [ self.overlays.default ];
      };
    };
}
