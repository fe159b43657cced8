package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.python.Interpreters.Interpreter;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Environments made by the real venv and pip, which finds packages in a folder. */
class EnvironmentsIT {

  @TempDir private Path folder;
  private Path prepared;
  private Environments environments;
  private Interpreter python;

  @BeforeEach
  void start() throws Exception {
    prepared = folder.resolve("environments");
    Map<String, String> pip = new HashMap<>(ChildEnvironment.ofPip(System.getenv()));
    pip.put("PIP_NO_INDEX", "1");
    pip.put("PIP_FIND_LINKS", folder.toString());
    environments = new Environments(prepared, Duration.ofMinutes(5), pip, Clock.systemUTC());
    python = new Interpreters(List.of(ToyPackages.PYTHON)).find(Optional.empty());
  }

  @Test
  void environment_isBuiltOnceForAllHasWhatItShouldAndTakesThePlaceOfTheLongestUnused()
      throws Exception {
    wheel("greeting", "HELLO = 'good day'");
    for (int i = 0; i <= Environments.MAX_KEPT; i++) {
      Path stale = Files.createDirectories(prepared.resolve("stale-" + i));
      Files.setLastModifiedTime(stale, FileTime.from(Instant.ofEpochSecond(1000 + i)));
    }
    Environments.Lease inUse = environments.use("stale-0");

    CompletableFuture<Environments.Lease> other = CompletableFuture.supplyAsync(this::prepare);
    try (Environments.Lease lease = prepare();
        Environments.Lease same = other.join()) {
      assertThat(same.python()).isEqualTo(lease.python());
      Subprocess.Result result =
          Subprocess.run(
              List.of(lease.python(), "-c", "import greeting; print(greeting.HELLO)"),
              ChildEnvironment.ofWorker(System.getenv()),
              Duration.ofMinutes(1));
      assertThat(result).isEqualTo(new Subprocess.Result(0, "good day"));
      FileTime made = Files.getLastModifiedTime(Path.of(lease.python()).getParent());
      prepare().close();
      assertThat(Files.getLastModifiedTime(Path.of(lease.python()).getParent())).isEqualTo(made);
    }
    assertThat(prepared.resolve("stale-0")).isDirectory();
    assertThat(prepared.resolve("stale-1")).doesNotExist();
    assertThat(prepared.resolve("stale-2")).isDirectory();
    inUse.close();
  }

  private Environments.Lease prepare() {
    try {
      return environments.prepare(python, List.of("greeting==1.0"));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void failure_tellsTheProgramsWordsAndLeavesNothing() throws Exception {
    Interpreter bare = new Interpreter(Programs.write(folder, "echo no venv here; exit 1"), "3");
    assertThatThrownBy(() -> environments.prepare(bare, List.of("greeting==1.0")))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageEndingWith("venv ended with status 1: no venv here");
    assertThat(prepared).isDirectoryNotContaining(Files::isDirectory);
  }

  @Test
  void stepThatTakesTooLong_isStopped() throws Exception {
    Environments hasty =
        new Environments(
            prepared,
            Duration.ofSeconds(1),
            ChildEnvironment.ofPip(System.getenv()),
            Clock.systemUTC());
    Interpreter hanging = new Interpreter(Programs.write(folder, "exec sleep 600"), "3");
    assertThatThrownBy(() -> hasty.prepare(hanging, List.of()))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("venv took longer than 1 s");
    assertThat(prepared).isDirectoryNotContaining(Files::isDirectory);
  }

  @Test
  void indexThatIsNotReached_isUnavailableAndNotThePackagesFault() throws Exception {
    Interpreter offline =
        new Interpreter(
            Programs.write(
                folder,
                """
                for place; do :; done
                mkdir -p "$place/bin"
                printf '#!/bin/sh\\necho "WARNING: Retrying (Retry(total=0)) after"; exit 1' > "$place/bin/python"
                chmod +x "$place/bin/python"
                """),
            "3");
    assertThatThrownBy(() -> environments.prepare(offline, List.of("greeting==1.0")))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("pip ended with status 1");
  }

  /** Writes a package of one module as pip installs it. */
  private void wheel(String name, String text) throws Exception {
    String info = name + "-1.0.dist-info/";
    Map<String, String> files = new LinkedHashMap<>();
    files.put(name + ".py", text);
    files.put(info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n");
    files.put(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
    files.put(
        info + "RECORD",
        name + ".py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n");
    try (OutputStream out = Files.newOutputStream(folder.resolve(name + "-1.0-py3-none-any.whl"));
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, String> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    }
  }
}
