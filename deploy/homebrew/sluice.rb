# For a tap: the package of npm, with its dependencies, on the Node of Homebrew. The release fills in whose it is and the checksum.
class Sluice < Formula
  desc "One program for every way traffic moves"
  homepage "https://github.com/OWNER/sluice"
  url "https://github.com/OWNER/sluice/releases/download/v0.1.0/sluice-0.1.0.tgz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    # The service needs one. What somebody has written there stays.
    system bin/"sluice", "config", "init"
    pkgetc.install "sluice.yaml"
  end

  service do
    run [opt_bin/"sluice", "up", "-c", etc/"sluice/sluice.yaml"]
    keep_alive crashed: true
    log_path var/"log/sluice.log"
    error_log_path var/"log/sluice.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/sluice version")
    (testpath/"sluice.yaml").write "gateway: { listen: 127.0.0.1:#{free_port} }\n"
    system bin/"sluice", "config", "validate"
  end
end
