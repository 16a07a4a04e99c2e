# The program as npm would publish it, on the Node of nixpkgs.
{
  lib,
  buildNpmPackage,
  importNpmLock,
  makeWrapper,
  nodejs ? nodejs_latest,
  nodejs_latest,
}:
let
  package = lib.importJSON ../package.json;
in
buildNpmPackage {
  pname = package.name;
  inherit (package) version;
  src = lib.cleanSource ../.;

  # The lock file names each package with its hash: nothing has to be kept in step here.
  npmDeps = importNpmLock { npmRoot = ../.; };
  inherit (importNpmLock) npmConfigHook;
  npmFlags = [ "--ignore-scripts" ];
  inherit nodejs;
  nativeBuildInputs = [ makeWrapper ];

  buildPhase = ''
    runHook preBuild
    node scripts/build.ts
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    npm prune --omit=dev --ignore-scripts --offline
    mkdir -p $out/lib/sluice/docs $out/bin
    cp -r package.json LICENSE bin dist node_modules $out/lib/sluice/
    cp docs/errors.md $out/lib/sluice/docs/
    makeWrapper ${lib.getExe nodejs} $out/bin/sluice --add-flags $out/lib/sluice/bin/sluice
    runHook postInstall
  '';

  doInstallCheck = true;
  installCheckPhase = "HOME=$TMPDIR $out/bin/sluice version";

  meta = {
    inherit (package) description;
    license = lib.licenses.mit;
    mainProgram = "sluice";
    platforms = lib.platforms.unix;
  };
}
