package dev.slipway.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.config.ConfigException;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.database.DatabaseConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ArtifactOptionsTest {
  private static final String CERTIFICATE =
      """
      -----BEGIN CERTIFICATE-----
      MIIBcjCCARegAwIBAgIUY4VvUffjWvgfbAAAztcXnhNGw/MwCgYIKoZIzj0EAwIw
      DTELMAkGA1UEAwwCY2EwIBcNMjYxMTIxMTQxNDM3WhgPMjEyNjEwMjgxNDE0Mzda
      MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEw4/V3dEn
      lgZlcqoEXhvIOh/E95eGFQz9MvK4SGBQJHVHLXUBUsS5v3sTBkWEkvfEGGmpr7+O
      rdOXA+U2p2cqIaNTMFEwHQYDVR0OBBYEFLqI51yn9qAg/3UE8qmKnWLGPQElMB8G
      A1UdIwQYMBaAFLqI51yn9qAg/3UE8qmKnWLGPQElMA8GA1UdEwEB/wQFMAMBAf8w
      CgYIKoZIzj0EAwIDSQAwRgIhAPPUzAfIQlSSpSvQxsr90u7PisZ5QI1fC2MlU/uk
      HhEoAiEA0RJNteBzEJyjJdgtHYWBnK2pzWQ2vSaX2PKhDw8zg34=
      -----END CERTIFICATE-----
      """;

  private static final Path DATA = Path.of("/data/artifact");

  @Command(name = "test")
  private static final class TestCommand {
    @Mixin private final ArtifactOptions options = new ArtifactOptions();
  }

  private static ArtifactConfig config(Map<String, String> environment, String... args) {
    TestCommand command = new TestCommand();
    Commands.of(command, environment).parseArgs(args);
    ConfigProblems problems = new ConfigProblems();
    ArtifactConfig config =
        command.options.config(DATA, DatabaseConfig.h2File(DATA.resolve("artifact")), problems);
    problems.throwIfAny();
    return config;
  }

  @Test
  void config_nothingGiven_isAFolderBelowTheData() {
    ArtifactConfig config = config(Map.of());

    assertThat(config.store()).isEqualTo(new ArtifactConfig.Folder(DATA.resolve("store")));
    assertThat(config.spool()).isEqualTo(DATA.resolve("uploads"));
    assertThat(config.uploadExpiry()).isEqualTo(Duration.ofHours(24));
  }

  @Test
  void config_root_takesUploadsAlong() {
    ArtifactConfig config = config(Map.of("SLIPWAY_ARTIFACT_ROOT", "/mnt/artifacts"));

    assertThat(config.store()).isEqualTo(new ArtifactConfig.Folder(Path.of("/mnt/artifacts")));
    assertThat(config.spool()).isEqualTo(Path.of("/mnt/artifacts/uploads"));
  }

  @Test
  void config_minio_isReadFromFlagsAndEnvironment() {
    ArtifactConfig config =
        config(
            Map.of("SLIPWAY_MINIO_SECRET_KEY", "secret", "SLIPWAY_MINIO_ACCESS_KEY", "access"),
            "--minio-endpoint=https://minio:9000",
            "--minio-bucket=models",
            "--minio-region=eu-central-1",
            "--artifact-spool=/var/spool/slipway",
            "--artifact-upload-expiry=1");

    assertThat(config.store())
        .isEqualTo(
            new ArtifactConfig.Minio(
                new MinioSettings(
                    "https://minio:9000", "models", "access", "secret", "eu-central-1")));
    assertThat(config.spool()).isEqualTo(Path.of("/var/spool/slipway"));
    assertThat(config.uploadExpiry()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void config_minioBehindAnotherNameAndCertificate_isRead(@TempDir Path folder) throws Exception {
    Path certificates = Files.writeString(folder.resolve("ca.pem"), CERTIFICATE);

    ArtifactConfig config =
        config(
            Map.of("SLIPWAY_MINIO_SECRET_KEY", "secret", "SLIPWAY_MINIO_ACCESS_KEY", "access"),
            "--minio-endpoint=https://minio:9000",
            "--minio-public-endpoint=https://models.example.com",
            "--minio-trusted-certificates=" + certificates);

    assertThat(config.store())
        .isEqualTo(
            new ArtifactConfig.Minio(
                new MinioSettings(
                    "https://minio:9000",
                    Optional.of("https://models.example.com"),
                    Optional.of(certificates),
                    "slipway",
                    "access",
                    "secret",
                    MinioSettings.DEFAULT_REGION)));
  }

  @Test
  void config_certificatesThatAreNone_areAProblem(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("ca.pem"), "no certificate");

    assertThatThrownBy(
            () ->
                config(
                    Map.of("SLIPWAY_MINIO_SECRET_KEY", "s", "SLIPWAY_MINIO_ACCESS_KEY", "a"),
                    "--minio-endpoint=http://minio:9000",
                    "--minio-public-endpoint=models",
                    "--minio-trusted-certificates=" + file))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .hasSize(3)
                    .anyMatch(p -> p.startsWith("--minio-public-endpoint"))
                    .anyMatch(p -> p.contains("without https"))
                    .anyMatch(p -> p.contains("certificate")));
  }

  @Test
  void config_manyProblems_areReportedTogether() {
    assertThatThrownBy(
            () ->
                config(
                    Map.of(),
                    "--minio-endpoint=minio:9000",
                    "--minio-bucket=Bad_Bucket",
                    "--artifact-root=/x",
                    "--artifact-upload-expiry=0"))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .hasSize(6)
                    .anyMatch(p -> p.startsWith("--minio-endpoint (SLIPWAY_MINIO_ENDPOINT)"))
                    .anyMatch(p -> p.startsWith("--minio-bucket"))
                    .anyMatch(p -> p.startsWith("--minio-access-key"))
                    .anyMatch(p -> p.startsWith("--minio-secret-key"))
                    .anyMatch(p -> p.startsWith("--artifact-root"))
                    .anyMatch(p -> p.startsWith("--artifact-upload-expiry")));
  }

  @Test
  void config_keysWithoutEndpoint_areAProblem() {
    assertThatThrownBy(() -> config(Map.of(), "--minio-access-key=x"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--minio-endpoint");
  }
}
