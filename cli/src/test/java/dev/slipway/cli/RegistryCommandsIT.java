package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.runtime.config.Commands;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.Tag;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code slipway models}, each test with models of its own. */
class RegistryCommandsIT {
  private static final String PACKAGE = ModelServer.COLUMNS.toString();

  @TempDir private static Path data;
  private static SlipwayProcess server;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws Exception {
    server = SlipwayProcess.startServer("server", "--data-dir=" + data);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private int models(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Commands.of(
            Slipway.command(), Map.of("SLIPWAY_SERVER", server.address(), "SLIPWAY_ACTOR", "ada"))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(Stream.concat(Stream.of("models"), Stream.of(args)).toArray(String[]::new));
  }

  private String done(String... args) {
    assertThat(models(args)).as(err.toString()).isZero();
    return out.toString();
  }

  private String refused(String... args) {
    assertThat(models(args)).as(out.toString()).isEqualTo(1);
    return err.toString();
  }

  private void register(String name, int versions) {
    for (int i = 0; i < versions; i++) {
      assertThat(done("register", name, PACKAGE, "--create", "-q")).startsWith("Registered ");
    }
  }

  @Test
  void model_isCreatedShownListedAndRenamed() {
    assertThat(done("create", "made", "--description", "# Made\nof this", "--tag", "team=a b"))
        .isEqualTo("Created made.\n");

    assertThat(done("show", "made"))
        .startsWith(
            """
            made
              about      # Made
                         of this
              tags       team=a b
            """)
        .contains("  versions   none yet\n", " by ada\n");
    assertThat(done("list", "--filter", "tags.team = 'a b'"))
        .startsWith("NAME  LAST VERSION  STAGING  PRODUCTION  ALIASES  UPDATED  DESCRIPTION\n")
        .containsPattern("\nmade +- +- +- +- +[0-9]+[sm] +# Made …\n$");
    assertThat(done("tag", "made", "team=b", "x=y=z")).isEqualTo("team=b\nx=y=z\n");
    assertThat(done("tag", "made", "--remove", "team")).isEqualTo("x=y=z\n");
    assertThat(done("rename", "made", "renamed")).isEqualTo("made is renamed now.\n");
    assertThat(done("list", "--json", "--filter", "name = 'renamed'"))
        .contains("\"name\":\"renamed\"")
        .hasLineCount(1);
    assertThat(refused("create", "renamed")).contains("reason: REGISTERED_MODEL_EXISTS");
    assertThat(done("delete", "renamed")).startsWith("Deleted renamed");
    assertThat(refused("show", "renamed")).contains("reason: REGISTERED_MODEL_NOT_FOUND");
  }

  @Test
  void register_folder_isUploadedAndKept() {
    assertThat(refused("register", "kept", PACKAGE, "-q"))
        .contains("reason: REGISTERED_MODEL_NOT_FOUND");

    assertThat(done("register", "kept", PACKAGE, "--create", "-q", "--tag", "by=hand"))
        .matches("Registered kept/1, package [0-9a-f]{12}\\.\n");

    assertThat(done("show", "kept/1"))
        .startsWith("kept/1\n")
        .contains("  stage      None", "  state      ready", "  tags       by=hand")
        .contains("  takes      a: double\n             b: double (optional)\n")
        .contains("  source     mlflow-artifacts:/models/");
    assertThat(done("register", "kept", "models:/kept/1", "--json")).contains("\"version\":\"2\"");
    assertThat(models("register", "kept", folder.resolve("none").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("is no folder here");
  }

  @Test
  void register_refusedFolder_leavesNothingBehind() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("without-model-file"));
    Files.writeString(empty.resolve("file"), "x");
    List<String> before = uploadedPackages();

    assertThat(refused("register", "refused", empty.toString(), "--create", "-q"))
        .contains("reason: MODEL_FILE_MISSING");

    assertThat(uploadedPackages()).isEqualTo(before);
    assertThat(done("register", "refused", empty.toString(), "-q", "--allow-missing-model-file"))
        .startsWith("Registered refused/1");
  }

  private List<String> uploadedPackages() {
    register("packages", 1);
    StringWriter listed = new StringWriter();
    assertThat(
            Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()))
                .setOut(new PrintWriter(listed, true))
                .execute("artifacts", "list", "-r", "--json", "models"))
        .isZero();
    return Pattern.compile("models/[0-9a-f-]+/file")
        .matcher(listed.toString())
        .results()
        .map(found -> found.group())
        .toList();
  }

  @Test
  void promote_andRollback_moveTheStage() {
    register("moved", 2);

    assertThat(done("promote", "moved/1", "--to", "staging")).isEqualTo("moved/1 is in Staging.\n");
    assertThat(done("promote", "moved")).isEqualTo("moved/1 is in Production.\n");
    assertThat(refused("promote", "moved")).contains("reason: STAGE_EMPTY");
    assertThat(refused("promote", "moved/2", "--keep-existing")).contains("STAGE_OCCUPIED");
    assertThat(done("promote", "moved@latest", "--comment", "better"))
        .isEqualTo("moved/2 is in Production.\nmoved/1 went to Archived.\n");
    assertThat(refused("rollback", "moved", "--expect", "1")).contains("STAGE_CHANGED");
    assertThat(done("rollback", "moved", "--comment", "worse", "--expect", "2"))
        .isEqualTo("moved/1 is in Production again; moved/2 went to Archived.\n");

    assertThat(done("versions", "moved"))
        .containsPattern("(?m)^2 +Archived +ready +- +[0-9]+[sm] +ada ")
        .containsPattern("(?m)^1 +Production +ready +- +[0-9]+[sm] +ada ");
    assertThat(done("versions", "moved", "--stage", "archived", "--json"))
        .contains("\"version\":\"2\"")
        .hasLineCount(1);
    assertThat(done("activities", "moved"))
        .contains("moved/1: Archived -> Production; moved/2: Production -> Archived \"worse\"")
        .contains("moved/1: None -> Staging\n");
    assertThat(refused("delete", "moved/1")).contains("reason: VERSION_IN_PRODUCTION");
    assertThat(done("delete", "moved/1", "--force")).isEqualTo("Deleted moved/1.\n");
  }

  @Test
  void promote_checksOfAPolicy_areShownAndDecide() throws Exception {
    register("gated", 1);
    done("promote", "gated/1", "--to", "staging");
    done("policy", "set", "gated", "--check=external=fairness", "--check=signature=backward");

    assertThat(refused("promote", "gated", "--auto")).contains("reason: CHECKS_NOT_PASSED");
    assertThat(out.toString())
        .startsWith("gated/1: not all checks passed\n")
        .contains("  missing  fairness: nothing was reported\n", "  passed   signature");
    done("report", "gated/1", "fairness", "failed", "--link", "https://ci.example/42");
    assertThat(refused("promote", "gated", "--auto")).contains("reason: CHECKS_NOT_PASSED");
    assertThat(out.toString())
        .contains("  failed   fairness\n           see https://ci.example/42\n");

    done("report", "gated/1", "fairness", "passed");
    assertThat(done("promote", "gated", "--auto"))
        .startsWith("gated/1: all checks passed\n")
        .endsWith("gated/1 is in Production.\n");
    assertThat(done("promote", "gated", "--auto")).startsWith("No version is in Staging");

    done("register", "gated", narrower().toString(), "-q");
    done("promote", "gated/2", "--to", "staging");
    done("report", "gated/2", "fairness", "passed");
    assertThat(refused("promote", "gated", "--auto")).contains("reason: CHECKS_NOT_PASSED");
    assertThat(out.toString())
        .contains("  passed   fairness\n", "  failed   signature against version 1: ")
        .contains(
            "           inputs[a] type narrowed: double (required) -> integer (required)"
                + " (not backward compatible)\n");
    assertThat(done("versions", "gated")).containsPattern("(?m)^2 +Staging ");

    done("promote", "gated/1", "--to", "archived");
    assertThat(refused("promote", "gated", "--auto")).contains("reason: CHECKS_NOT_PASSED");
    assertThat(out.toString()).contains("to version 1, which has left the stage, 1 of them");
    done("policy", "set", "gated");
    assertThat(refused("promote", "gated", "--auto"))
        .isEqualTo(
            "slipway: gated/2 stays in Staging: no check guards Production, so nothing vouches for"
                + " the version; promote it without --auto, or set checks with `slipway models"
                + " policy`\n");
    assertThat(done("versions", "gated")).containsPattern("(?m)^2 +Staging ");
  }

  /** Writes a package whose column a takes whole numbers only. */
  private Path narrower() throws Exception {
    Path narrower = Files.createDirectory(folder.resolve("narrower"));
    String file = Files.readString(ModelServer.COLUMNS.resolve("MLmodel"));
    String column = "{\"type\": \"double\", \"name\": \"a\"";
    assertThat(file).contains(column);
    Files.writeString(
        narrower.resolve("MLmodel"), file.replace(column, column.replace("double", "integer")));
    return narrower;
  }

  @Test
  void request_isApprovedRejectedOrCancelled_andAllOfItShows() {
    register("asked", 1);
    done("policy", "set", "asked", "--approvals=1");

    assertThat(refused("promote", "asked/1"))
        .contains("reason: APPROVAL_REQUIRED")
        .endsWith("  ask for it: slipway models request asked/1 --to production\n");
    String rejected = request("asked/1");
    assertThat(refused("approve", rejected)).contains("reason: SELF_APPROVAL");
    assertThat(done("reject", rejected, "--comment=no data of May", "--actor=bob"))
        .contains("from None to Production, rejected\n", " by bob: \"no data of May\"\n");
    String cancelled = request("asked/1");
    assertThat(done("requests", "asked")).contains(cancelled).doesNotContain(rejected);
    assertThat(refused("cancel", cancelled, "--actor=bob")).contains("PERMISSION_DENIED");
    assertThat(done("cancel", cancelled)).contains(", cancelled\n");
    assertThat(refused("approve", cancelled, "--actor=bob"))
        .contains("reason: TRANSITION_REQUEST_CLOSED");
    String approved = request("asked/1");
    assertThat(done("approve", approved, "--comment=fine", "--actor=bob"))
        .contains("from None to Production, executed\n", " by bob: \"fine\"\n");

    assertThat(done("show", "asked/1")).contains("  stage      Production since ");
    assertThat(done("requests", "asked", "--state=any")).contains(rejected, cancelled, approved);
    assertThat(done("activities", "asked"))
        .containsSubsequence(
            " bob    asked/1: None -> Production \"fine\"\n",
            " ada    asked/1: transition request created \"better\"\n",
            " ada    asked/1: transition request cancelled\n",
            " ada    asked/1: transition request created \"better\"\n",
            " bob    asked/1: transition request rejected \"no data of May\"\n",
            " ada    asked/1: transition request created \"better\"\n");
  }

  private String request(String version) {
    return done("request", version, "--comment=better")
        .replaceFirst("(?s)^Request ([0-9a-f]{32}): .*", "$1");
  }

  @Test
  void alias_isMovedProtectedAndDeleted() {
    register("aliased", 2);

    assertThat(done("alias", "aliased/1", "best")).isEqualTo("aliased@best is version 1.\n");
    assertThat(done("alias", "aliased/2", "best", "--protect=boss", "--roles=boss,other"))
        .isEqualTo("aliased@best is version 2, it was 1.\n");
    assertThat(refused("alias", "aliased/1", "best", "--roles=other"))
        .contains("PERMISSION_DENIED", "reason: ALIAS_PROTECTED");
    assertThat(done("show", "aliased@best")).startsWith("aliased/2\n");
    assertThat(done("show", "aliased"))
        .contains("  aliases    best is version 2, moved by role boss\n");
    assertThat(done("unalias", "aliased", "best", "--roles=boss"))
        .isEqualTo("aliased has no alias best.\n");
    assertThat(refused("show", "aliased@best")).contains("reason: MODEL_ALIAS_NOT_FOUND");
    assertThat(done("activities", "aliased", "--limit", "2"))
        .contains("aliased/2: no alias best any more\n", "aliased/2: alias best\n");
    assertThat(err.toString()).contains("there is more");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alias,digits,best | names no version",
        "tag,digits | give either tags",
        "promote,digits,--to,attic | is no stage",
        "promote,digits,--auto,--force | exclude each other",
        "activities,digits@staging | stages and aliases move",
        "list,--actor,größe | --actor",
        "watch,--after,0 | --after",
        "show,/1 | names no model"
      })
  void wrongCommandLine_isRefusedBeforeAnythingIsAsked(String args, String message) {
    assertThat(models(args.split(","))).isEqualTo(2);

    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void activities_exported_areAllOfThemOldestFirst() throws Exception {
    register("audited", 1);
    done("promote", "audited/1", "--actor", "bob");
    done("tag", "audited/1", "a=1");
    Path file = folder.resolve("audit.jsonl");

    assertThat(done("activities", "audited", "--export", file.toString())).isEmpty();

    assertThat(Files.readAllLines(file))
        .satisfiesExactly(
            line -> assertThat(line).contains("EVENT_TYPE_REGISTERED_MODEL_CREATED"),
            line -> assertThat(line).contains("EVENT_TYPE_MODEL_VERSION_CREATED"),
            line ->
                assertThat(line)
                    .contains("EVENT_TYPE_STAGE_TRANSITIONED", "\"actor\":\"bob\"", "\"before\""),
            line -> assertThat(line).contains("\"tags\":{\"a\":\"1\"}"));
    assertThat(done("activities", "audited", "--by", "bob", "--since", "1h", "--json"))
        .hasLineCount(1);
    assertThat(refused("activities", "--export", folder.resolve("no/folder").toString()))
        .startsWith("slipway: NoSuchFile");
  }

  @Test
  void watch_connectionIsCutAgainAndAgain_showsEveryChangeOnce() throws Exception {
    done("create", "watched");
    List<RegistryEvent> created = activities("watched");
    int changes = 100;
    StringWriter seen = new StringWriter();

    try (CuttingRelay relay = CuttingRelay.to(server.port());
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      CompletableFuture<Integer> watch =
          CompletableFuture.supplyAsync(
              () ->
                  Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", relay.address()))
                      .setOut(new PrintWriter(seen, true))
                      .setErr(new PrintWriter(err, true))
                      .execute(
                          "models",
                          "watch",
                          "watched",
                          "--json",
                          "--after=" + created.get(0).getRevision(),
                          "--limit=" + changes));
      for (int i = 0; i < changes; i++) {
        var unused =
            client
                .registry()
                .setRegisteredModelTags(
                    SetRegisteredModelTagsRequest.newBuilder()
                        .setName("watched")
                        .putTags("change", Integer.toString(i))
                        .build());
        if (i % 25 == 10) {
          relay.cut();
        }
      }

      assertThat(watch.get(10, TimeUnit.MINUTES)).as(err.toString()).isZero();
    }
    assertThat(revisions(seen.toString()))
        .isEqualTo(activities("watched").stream().skip(1).map(RegistryEvent::getRevision).toList());
  }

  private static List<Long> revisions(String lines) {
    return lines
        .lines()
        .map(line -> line.replaceFirst("\\{\"revision\":\"([0-9]+)\".*", "$1"))
        .map(Long::valueOf)
        .toList();
  }

  private static List<RegistryEvent> activities(String name) {
    try (SlipwayClient client = SlipwayClient.connect(server.address())) {
      return client
          .registry()
          .listActivities(
              ListActivitiesRequest.newBuilder()
                  .setName(name)
                  .setOldestFirst(true)
                  .setPageSize(1000)
                  .build())
          .getEventsList();
    }
  }

  @Test
  void diff_andReportedChecks_areShown() {
    register("compared", 2);

    assertThat(done("diff", "compared/1", "compared@latest"))
        .startsWith(
            """
            compared/1 -> compared/2
              package    the same files
              signature  equal
            """);
    assertThat(done("report", "compared/2", "fairness", "passed", "--summary", "all groups"))
        .isEqualTo("  passed   fairness: all groups\n");
    assertThat(done("check", "compared/2", "--last", "--json"))
        .contains("\"check_name\":\"fairness\"", "\"reported_by\":\"ada\"");
  }

  @Test
  void lineage_isShownBothWaysFromVersionRunAndDataset() throws Exception {
    String run = runThatReads("mnist", "d1");
    done("register", "traced", PACKAGE, "--create", "-q", "--run", run);
    done("register", "traced-eu", "models:/traced/1", "--create");
    Path pipeline = Files.createDirectory(folder.resolve("pipeline"));
    Files.writeString(
        pipeline.resolve("MLmodel"),
        """
        flavors:
          slipway_pipeline:
            steps:
            - {name: score, model: models:/traced/1}
            outputs: {y: score.y}
        """);
    done("register", "traced-pipeline", pipeline.toString(), "--create", "-q");

    assertThat(done("lineage", "traced/1"))
        .startsWith(
            """
            traced/1
              made from
                run %s lucky (output)
                  dataset mnist d1 (input training)
              went into
            """
                .formatted(run))
        .contains("\n    traced-eu/1 (copy)\n", "\n    traced-pipeline/1 (step score)\n");
    assertThat(done("lineage", "--dataset=mnist", "--digest=d1", "--down", "--depth=2"))
        .isEqualTo(
            """
            dataset mnist d1
              went into
                run %s lucky (input training)
                  traced/1 (output)
                    traced-eu/1 (copy)
                  traced-eu/1 (output, as above)
            """
                .formatted(run));
    assertThat(err.toString()).contains("there is more");
    assertThat(done("lineage", "--run", run, "--up", "--json"))
        .contains("\"dataset_name\":\"mnist\"")
        .hasLineCount(1);
    assertThat(models("lineage", "--dataset=mnist")).isEqualTo(2);
    assertThat(models("lineage", "traced/1", "--up", "--down")).isEqualTo(2);
  }

  private static String runThatReads(String name, String digest) {
    try (SlipwayClient client = SlipwayClient.connect(server.address())) {
      String run =
          client
              .tracking()
              .createRun(CreateRunRequest.newBuilder().setRunName("lucky").build())
              .getInfo()
              .getRunId();
      var unused =
          client
              .tracking()
              .logInputs(
                  LogInputsRequest.newBuilder()
                      .setRunId(run)
                      .addDatasets(
                          DatasetInput.newBuilder()
                              .setDataset(
                                  Dataset.newBuilder()
                                      .setName(name)
                                      .setDigest(digest)
                                      .setSourceType("local")
                                      .setSource("{}"))
                              .addTags(
                                  Tag.newBuilder()
                                      .setKey("mlflow.data.context")
                                      .setValue("training")))
                      .build());
      return run;
    }
  }

  @Test
  void commands_withoutAServer_sayHowToStartOne() {
    assertThat(refused("list", "--server=127.0.0.1:1")).contains("no server answers");
    assertThat(refused("watch", "--server=127.0.0.1:1")).contains("no server answers");
  }
}
