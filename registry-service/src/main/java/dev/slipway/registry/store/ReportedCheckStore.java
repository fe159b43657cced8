package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckCondition.External;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.NewCheckResult;
import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.check.TooManyCheckResultsException;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Keeps the last verdict that other systems have reported for each check of a version. A report is
 * one command: atomic, with its event, durable on return. Thread-safe.
 */
public final class ReportedCheckStore {
  /** The most checks of which a version has verdicts. */
  public static final int MAX_RESULTS = 100;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final RegistryTransactions transactions;

  /** Creates the store. */
  public ReportedCheckStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Keeps a verdict in place of the earlier one of the same check.
   *
   * @throws RegisteredModelNotFoundException if there is no such model
   * @throws ModelVersionNotFoundException if it has no such version
   * @throws RoleRequiredException if policies of the model take verdicts of this check only from
   *     roles that the caller lacks: else anybody could put a verdict that counts out of force
   * @throws TooManyCheckResultsException if the version has verdicts of {@value #MAX_RESULTS} other
   *     checks
   */
  public CheckResult report(NewCheckResult wanted, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(wanted.model());
          // Locked with the revision; whether it exists is all that is asked.
          ModelVersionRow version = command.reader().versionRow(model, wanted.version());
          requireReporter(command.stages(), model, wanted.name(), caller);
          CheckResultDao dao = command.dao(CheckResultDao.class);
          Map<CheckName, ReportedCheck> earlier =
              byName(dao.list(version.modelId(), version.version()));
          if (!earlier.containsKey(wanted.name()) && earlier.size() >= MAX_RESULTS) {
            throw new TooManyCheckResultsException(wanted.model(), wanted.version(), MAX_RESULTS);
          }
          CheckResult result =
              new CheckResult(
                  wanted.name(),
                  wanted.outcome(),
                  wanted.summary(),
                  command.now(),
                  caller.name(),
                  Optional.empty(),
                  Optional.empty(),
                  wanted.comparisons(),
                  wanted.link());
          dao.delete(version.modelId(), version.version(), wanted.name().value());
          dao.insert(
              new CheckResultDao.ResultRow(
                  version.modelId(),
                  version.version(),
                  wanted.name().value(),
                  text(result),
                  caller.roles().stream().sorted().collect(Collectors.joining(","))));
          command.record(
              RegistryEventType.CHECK_REPORTED,
              OptionalLong.of(version.modelId()),
              new RegistryChange(
                  Optional.ofNullable(earlier.get(wanted.name()))
                      .map(ReportedCheck::result)
                      .map(before -> state(wanted, before)),
                  Optional.of(state(wanted, result))),
              List.of(),
              "",
              false);
          return result;
        });
  }

  private static void requireReporter(
      StageReader stages, RegisteredModelRow model, CheckName name, Caller caller) {
    Set<String> reporters = new TreeSet<>();
    for (Stage stage : Stage.values()) {
      for (Check check : stages.rules(model.modelId(), stage).checks()) {
        if (check.name().equals(name) && check.condition() instanceof External external) {
          reporters.addAll(external.reporterRoles());
        }
      }
    }
    if (!reporters.isEmpty() && !caller.hasOneOf(reporters)) {
      throw new RoleRequiredException("reporting " + name.value(), reporters);
    }
  }

  /**
   * Lists the last verdict of each check of a version, ordered by name.
   *
   * @throws RegisteredModelNotFoundException if there is no such model
   * @throws ModelVersionNotFoundException if it has no such version
   */
  public Map<CheckName, ReportedCheck> list(ModelName name, VersionNumber number) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          ModelVersionRow version = reader.versionRow(reader.modelRow(name), number);
          return byName(
              handle.attach(CheckResultDao.class).list(version.modelId(), version.version()));
        });
  }

  private static RegistryState state(NewCheckResult wanted, CheckResult result) {
    return new RegistryState.OfCheckResult(wanted.model(), wanted.version(), result);
  }

  /** Returns the verdicts of some rows by the names of their checks, ordered by these. */
  static Map<CheckName, ReportedCheck> byName(List<CheckResultDao.ResultRow> rows) {
    // Databases order names by their own rules.
    Map<CheckName, ReportedCheck> byName = new TreeMap<>((a, b) -> a.value().compareTo(b.value()));
    for (CheckResultDao.ResultRow row : rows) {
      Set<String> roles =
          Arrays.stream(row.reporterRoles().split(","))
              .filter(role -> !role.isEmpty())
              .collect(Collectors.toSet());
      byName.put(new CheckName(row.checkName()), new ReportedCheck(result(row.result()), roles));
    }
    return byName;
  }

  private static String text(CheckResult result) {
    ObjectNode node = JSON.createObjectNode();
    CheckJson.write(node, result);
    try {
      return JSON.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static CheckResult result(String text) {
    try {
      return CheckJson.readResult(JSON.readTree(text));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
