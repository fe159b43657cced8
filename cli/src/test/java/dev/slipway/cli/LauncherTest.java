package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher as it is, in a source tree of its own, with a Maven and a Java that only note their
 * calls.
 */
@Timeout(60)
class LauncherTest {
  @TempDir private Path folder;
  private Path tree;
  private Path bin;
  private Path builds;

  @BeforeEach
  void layOut() throws Exception {
    tree = Files.createDirectories(folder.resolve("a tree with spaces"));
    bin = Files.createDirectories(folder.resolve("bin"));
    builds = folder.resolve("builds");
    Path launcher = Path.of(System.getProperty("user.dir")).resolveSibling("slipway");
    Files.copy(launcher, tree.resolve("slipway"));
    Files.setPosixFilePermissions(
        tree.resolve("slipway"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    Files.createDirectories(tree.resolve("cli/src"));
    script(
        "mvn",
        """
        echo build >> '%s'
        [[ -n ${SLOW_BUILD:-} ]] && sleep 1
        echo '[INFO] Building Slipway command 0.1.0-SNAPSHOT                    [10/10]'
        if [[ -n ${FAIL_BUILD:-} ]]; then
          echo '[ERROR] cli/src/Slipway.java:[1,1] reason of the failure'
          exit 1
        fi
        mkdir -p cli/target/slipway/lib
        """
            .formatted(builds));
    script(
        "java",
        """
        echo "java in $PWD: ${*: -3}"
        [[ -e /proc/self/fd/9 ]] && echo 'inherited the build lock'
        exit 7
        """);
  }

  private void script(String name, String body) throws IOException {
    Path script = Files.writeString(bin.resolve(name), "#!/usr/bin/env bash\n" + body);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private record Result(int exitCode, String out, String err) {}

  private Process start(Path launcher, String setting, String... args) throws IOException {
    List<String> line = new ArrayList<>(List.of("env"));
    line.add("PATH=" + bin + ":" + System.getenv("PATH"));
    line.add("JAVA_HOME=");
    line.add(setting);
    line.add(launcher.toString());
    line.addAll(List.of(args));
    return new ProcessBuilder(line).directory(folder.toFile()).start();
  }

  private static Result result(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), out, err);
  }

  private Result run(String setting, String... args) throws Exception {
    return result(start(tree.resolve("slipway"), setting, args));
  }

  private long builds() throws IOException {
    return Files.exists(builds) ? Files.readAllLines(builds).size() : 0;
  }

  @Test
  void firstCall_buildsOnceSaysSoAndRunsTheCommandWhereTheCallerIs() throws Exception {
    Result first = run("X=", "call", "two words");
    Result second = run("X=", "call");

    assertThat(first.err())
        .contains("slipway: building")
        .contains("[10/10] Slipway command")
        .contains("built in");
    assertThat(first.out())
        .contains("java in " + folder + ": dev.slipway.cli.Slipway call two words");
    assertThat(first.exitCode()).isEqualTo(7);
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void builtCommand_doesNotInheritTheBuildLock() throws Exception {
    assertThat(run("X=", "server").out()).startsWith("java in").doesNotContain("inherited");
  }

  @Test
  void changedSource_isBuiltAgain_alsoWhenItWasSavedDuringTheBuild() throws Exception {
    run("X=", "call");
    Path source = Files.writeString(tree.resolve("cli/src/New.java"), "class New {}");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));

    run("X=", "call");

    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void call_throughASymbolicLink_findsItsTree() throws Exception {
    Path link = Files.createSymbolicLink(bin.resolve("linked"), tree.resolve("slipway"));

    assertThat(result(start(link, "X=", "call")).out()).contains("dev.slipway.cli.Slipway call");
  }

  @Test
  void failedBuild_printsTheReasonAndRunsNothing() throws Exception {
    Result result = run("FAIL_BUILD=1", "call");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("slipway: the build failed:")
        .contains("[ERROR] cli/src/Slipway.java:[1,1] reason of the failure")
        .contains("the whole log is in " + tree.resolve("cli/target/build.log"));
    assertThat(run("X=", "call").out()).as("mended").contains("java in");
  }

  @Test
  void twoCallsAtOnce_buildOnce() throws Exception {
    Process first = start(tree.resolve("slipway"), "SLOW_BUILD=1", "call");
    Process second = start(tree.resolve("slipway"), "SLOW_BUILD=1", "call");

    assertThat(result(first).out()).contains("java in");
    assertThat(result(second).out()).contains("java in");
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void noBuild_whereNothingIsBuilt_saysSo() throws Exception {
    Result result = run("SLIPWAY_NO_BUILD=1", "call");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("nothing is built yet");
    assertThat(builds()).isZero();
  }
}
