package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.HookReceiver.Message;
import dev.slipway.runtime.config.Commands;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code slipway webhooks}, with a receiver on this machine. */
class WebhookCommandsIT {
  @TempDir private static Path data;
  private static SlipwayProcess server;
  private static HookReceiver receiver;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws Exception {
    receiver = new HookReceiver();
    server =
        SlipwayProcess.startServer(
            "server",
            "--data-dir=" + data,
            "--webhook-allow-http",
            "--webhook-allow-private",
            "--webhook-roles=ops");
  }

  @AfterAll
  static void stop() {
    server.close();
    receiver.close();
  }

  private int slipway(String line) {
    return slipway(line.split(" "));
  }

  private int slipway(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Commands.of(
            Slipway.command(), Map.of("SLIPWAY_SERVER", server.address(), "SLIPWAY_ROLES", "ops"))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private String done(String line) {
    assertThat(slipway(line)).as(err.toString()).isZero();
    return out.toString();
  }

  private String refused(String line) {
    assertThat(slipway(line)).as(out.toString()).isEqualTo(1);
    return err.toString();
  }

  @Test
  void webhook_isCreatedTestedToldOfAPromotionAndDeleted() throws Exception {
    String created =
        done(
            "webhooks create ci "
                + receiver.url()
                + " --event model_version_stage.updated --event model_version_alias"
                + " --model watched --timeout 30s");
    assertThat(created)
        .startsWith("ci\n  webhook    ")
        .contains(
            "  format     standard\n",
            "  events     model_version_stage.updated, model_version_alias\n",
            "  models     watched\n",
            "  state      active\n",
            "  tries      8 attempts of at most 30 s\n");
    String secret =
        found(created, "  secret     (whsec_\\S+) \\(keep it: it is shown this once\\)");

    assertThat(done("webhooks test ci")).contains(": delivered\n", ", HTTP 204 after ");
    Message made = receiver.next();
    assertThat(made.isSignedBy(secret)).isTrue();
    assertThat(made.body()).contains("\"type\":\"model_version_stage.updated\"");

    done("models register watched s3://elsewhere/model --create --allow-missing-model-file");
    done("models promote watched/1");
    Message told = receiver.next();
    assertThat(told.isSignedBy(secret)).isTrue();
    assertThat(told.body())
        .contains("\"name\":\"watched\"", "\"version\":\"1\"", "\"to_stage\":\"PRODUCTION\"");

    String row = row(awaitDelivered("ci"));
    assertThat(row).startsWith(told.id() + "  ").contains("  delivered  ", ", HTTP 204 after ");
    assertThat(done("webhooks redeliver ci " + told.id())).startsWith(told.id() + ": pending\n");
    Message again = receiver.next();
    assertThat(again.id()).isEqualTo(told.id());
    assertThat(again.body()).isEqualTo(told.body());

    assertThat(done("webhooks show ci")).doesNotContain("secret");
    assertThat(done("webhooks delete ci")).isEqualTo("Deleted ci.\n");
    assertThat(refused("webhooks show ci")).contains("NOT_FOUND", "there is no webhook 'ci'");
  }

  /** Waits until a delivery is in the list of those that were taken. */
  private String awaitDelivered(String webhook) throws InterruptedException {
    String listed;
    long deadline = System.nanoTime() + Duration.ofMinutes(10).toNanos();
    do {
      assertThat(System.nanoTime()).as("it takes too long").isLessThan(deadline);
      Thread.sleep(20);
      listed = done("webhooks deliveries " + webhook + " --state delivered");
    } while (listed.lines().count() < 2);
    return listed;
  }

  private static String row(String table) {
    return table.lines().skip(1).findFirst().orElseThrow();
  }

  private static String found(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return matcher.group(1);
  }

  @Test
  void update_changesWhatIsGiven() throws Exception {
    Path key = Files.writeString(folder.resolve("key"), "any text of mine\n");
    String id =
        found(
            done(
                "webhooks create old https://hook.test/ --format mlflow --event check.set --model a"
                    + " --model b"),
            "  webhook    ([0-9a-f]{32})\n");

    assertThat(
            slipway(
                "webhooks",
                "update",
                "old",
                "--name=new",
                "--description=two words",
                "--url=" + receiver.url(),
                "--all-models",
                "--event=CHECK",
                "--max-attempts=1",
                "--state=disabled",
                "--secret-file=" + key))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .startsWith("new\n  webhook    " + id + "\n  about      two words\n")
        .contains(
            "  url        " + receiver.url() + "\n",
            "  format     mlflow\n",
            "  events     check\n",
            "  models     all\n",
            "  state      disabled\n",
            "  tries      1 attempt of at most 10 s\n")
        .doesNotContain("any text");
    assertThat(done("webhooks list"))
        .startsWith("NAME  STATE     EVENTS  MODELS  TOLD UP TO  URL ")
        .containsPattern("(?m)^new   disabled  check   all     +[0-9]+ .* " + id + "$");
    assertThat(done("webhooks list --json")).contains("\"webhook_id\":\"" + id + "\"");
    receiver.answer(503);
    assertThat(slipway("webhooks test " + id)).isEqualTo(1);
    assertThat(out.toString())
        .contains(": dead\n", ", HTTP 503 after ", "answered with status 503");
    receiver.answer(204);
    assertThat(receiver.next().isSignedByText("any text of mine")).isTrue();
    assertThat(refused("webhooks update " + id + " --event model_version.set --timeout 31s"))
        .contains("reason: INVALID_REQUEST", "  webhook.events[0].action: ", "  webhook.timeout: ");
    assertThat(refused("webhooks delete new --roles dev")).contains("reason: ROLE_REQUIRED");
    done("webhooks delete " + id);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "create ci https://hook.test/ | give at least one --event",
        "create ci https://hook.test/ --event model.created | is no event: give one of",
        "create ci https://hook.test/ --event check. | is no event: give one of",
        "update ci | give what to change",
        "update ci --all-models --model a | exclude each other",
        "deliveries ci --limit -1 | --limit",
        "redeliver ci | DELIVERY"
      })
  void wrongCommandLine_isRefusedBeforeAnythingIsAsked(String line, String message) {
    assertThat(slipway("webhooks " + line)).isEqualTo(2);

    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }
}
