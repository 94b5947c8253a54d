package io.fairlead.azureml.internal.arm;

import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.provider.HttpStatus;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The classification of Azure's failures; the only class that knows its codes. */
final class ArmErrors {
  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;

  private static final int MOST_CHARACTERS = 1000;
  private static final int DEEPEST = 5;

  /** When an operation is tried again: Azure advises a minute at most after a more important one has cancelled it. */
  private static final Duration SOON = Duration.ofSeconds(30);

  /** Matches the conflict of a name, which passes only if the name is given up. */
  private static final Predicate<String> TAKEN = Pattern.compile(
          "already (exists|in use|taken|registered)|NameNotAvailable|must be unique|not unique",
          Pattern.CASE_INSENSITIVE)
      .asPredicate();

  /** Matches a region's lack of machines, which passes. */
  private static final Predicate<String> OUT_OF_STOCK = Pattern.compile(
          "out of capacity|not enough capacity|capacity (is|was) not available|insufficient capacity|"
              + "lack of .{0,60}capacity|Allocation ?Failed|SkuNotAvailable|region is currently out",
          Pattern.CASE_INSENSITIVE)
      .asPredicate();

  /** Matches a quota that is used up. */
  private static final Predicate<String> OUT_OF_QUOTA = Pattern.compile(
          "OutOfQuota|Quota ?Exceeded|not enough quota", Pattern.CASE_INSENSITIVE)
      .asPredicate();

  /** Matches a version that was deleted and cannot be created again. */
  private static final Predicate<String> DELETED_FOR_GOOD =
      Pattern.compile("cannot be re-?created", Pattern.CASE_INSENSITIVE).asPredicate();

  /** Matches a conflict with what an object is or with a setting of the subscription, which does not pass. */
  private static final Predicate<String> FIXED = Pattern.compile(
          "(already (exists|registered)|exists already).{0,80}cannot be|cannot be re-?created|"
              + "MissingSubscriptionRegistration|not registered to use namespace|ScopeLocked|"
              + "ResourceGroupBeingDeleted|ReadOnlyDisabledSubscription",
          Pattern.CASE_INSENSITIVE)
      .asPredicate();

  /** Matches the refusal to delete a deployment that gets requests or copies of them, which others may have given it. */
  private static final Predicate<String> HAS_TRAFFIC =
      Pattern.compile("traffic", Pattern.CASE_INSENSITIVE).asPredicate();

  /** The credentials that are used, as a phrase. */
  private final String identity;

  ArmErrors(String identity) {
    this.identity = identity;
  }

  /** An error as Azure says it: the first code that is not general, and all messages. */
  private record Said(String code, String message) {
    boolean matches(Predicate<String> pattern) {
      return pattern.test(code + " " + message);
    }
  }

  /** {@return an answer that is an error as a ServingException} */
  ServingException answered(
      String what,
      int status,
      Optional<Document> body,
      Optional<Duration> retryAfter,
      Optional<String> requestId) {
    Said said = said(body);
    ErrorKind kind = kind(status, said);
    ServingException.Builder failure = ServingException.builder(
            AzureMlProvider.ID,
            kind,
            what + " failed: " + reason(said, "HTTP " + status) + wayOut(kind, said))
        .retryAfter(retryAfter.orElse(null))
        .requestId(requestId.orElse(null));
    if (said.matches(OUT_OF_STOCK)) {
      failure.retryable(true);
    } else if (kind == ErrorKind.CONFLICT && said.matches(FIXED)) {
      failure.retryable(false);
    }
    return failure.build();
  }

  /** {@return whether a creation was refused because what it would create was deleted before} */
  static boolean isDeletedForGood(Optional<Document> body) {
    return said(body).matches(DELETED_FOR_GOOD);
  }

  private static Said said(Optional<Document> body) {
    return saidBy(body.flatMap(document -> document.inside("error")).or(() -> body));
  }

  /** {@return the exception for a creation of an object that exists} */
  ServingException exists(String what, Optional<String> requestId) {
    return ServingException.builder(
            AzureMlProvider.ID, ErrorKind.ALREADY_EXISTS, what + " failed: it exists already")
        .requestId(requestId.orElse(null))
        .build();
  }

  /** {@return the refusal of a deletion; that of one that has traffic again is a conflict, which may be resolved} */
  ServingException ofDeletion(
      String what,
      int status,
      Optional<Document> body,
      Optional<Duration> retryAfter,
      Optional<String> requestId) {
    Said said = said(body);
    return status == BAD_REQUEST && said.matches(HAS_TRAFFIC)
        ? ServingException.builder(
                AzureMlProvider.ID,
                ErrorKind.CONFLICT,
                what + " failed: " + reason(said, "HTTP " + status))
            .requestId(requestId.orElse(null))
            .build()
        : answered(what, status, body, retryAfter, requestId);
  }

  /** {@return a call without an answer as a ServingException} */
  ServingException unanswered(String what, Throwable cause) {
    boolean isUnreached = cause instanceof ConnectException
        || cause instanceof UnknownHostException
        || cause instanceof UnresolvedAddressException;
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.UNAVAILABLE,
        what + " failed: " + cause
            + (isUnreached
                ? ". Check the cloud, the endpoint and the network: no host answers there"
                : ". Whether it was done is not known"),
        cause);
  }

  /** {@return the exception for a call without an answer in time} */
  ServingException overdue(String what, Duration limit, Throwable cause) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.TIMEOUT,
        what + " failed: no answer within " + limit.toSeconds()
            + " s. Whether it was done is not known; AzureMlConfig.callTimeout is the limit",
        cause);
  }

  /** {@return the exception for a call whose thread was interrupted} */
  ServingException interrupted(String what, Throwable cause) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.CANCELLED,
        what + " was interrupted; whether it was done is not known",
        cause);
  }

  /** {@return the exception for credentials that give no token} */
  ServingException noToken(String what, Throwable cause) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.UNAUTHORIZED,
        what + " failed: there is no token. Tried " + identity + ": " + cause.getMessage(),
        cause);
  }

  /** {@return the exception for something without which nothing can be done} */
  ServingException absent(String what, Optional<Document> body, Optional<String> requestId) {
    return ServingException.builder(
            AzureMlProvider.ID,
            ErrorKind.INVALID,
            what + " failed: " + reason(said(body), "HTTP " + NOT_FOUND)
                + ". It does not exist, or these credentials may not see it")
        .requestId(requestId.orElse(null))
        .build();
  }

  /**
   * {@return the error of an operation that failed or was cancelled}
   *
   * @param operation the document of the operation, or the answer in place of its result
   * @param status the status of the failure, where its code says nothing
   */
  ServingException ofOperation(String what, Document operation, int status) {
    Said said = saidBy(operation.inside("error"));
    boolean isCancelled = operation.text("status").orElse("").startsWith("Cancel");
    Said known =
        isCancelled && said.code().isEmpty() ? new Said("OperationCanceled", said.message()) : said;
    ErrorKind kind = ofOperation(known, status);
    ServingException.Builder failure = ServingException.builder(
        AzureMlProvider.ID,
        kind,
        what + " failed: " + reason(known, operation.text("status").orElse("without a reason"))
            + wayOut(kind, known));
    boolean passes = known.matches(OUT_OF_STOCK) || isCancelled(known);
    if (passes) {
      failure.retryable(true).retryAfter(SOON);
    }
    return failure.build();
  }

  /** {@return the reason in an operation's document, as a part of a message} */
  String reason(Document operation) {
    return reason(saidBy(operation.inside("error")), operation.text("status").orElse("no reason"));
  }

  // ---- what Azure says ----

  /** Codes that say nothing, around one that does. */
  private static boolean isGeneral(String code) {
    return switch (code.toLowerCase(Locale.ROOT)) {
      case "",
          "usererror",
          "badrequest",
          "validationerror",
          "error",
          "conflict",
          "deploymentfailed",
          "internal" -> true;
      // Whatever fails while a deployment is created.
      default -> code.startsWith("InferencingClient");
    };
  }

  private static Said saidBy(Optional<Document> error) {
    List<String> codes = new ArrayList<>();
    List<String> messages = new ArrayList<>();
    error.ifPresent(found -> collect(found, codes, messages, DEEPEST));
    String code = codes.stream()
        .filter(one -> !isGeneral(one))
        .findFirst()
        .or(() -> codes.stream().filter(one -> !one.isEmpty()).findFirst())
        .orElse("");
    return new Said(code, String.join("; ", messages));
  }

  private static void collect(
      Document error, List<String> codes, List<String> messages, int levels) {
    codes.add(error.text("code").orElse(""));
    String message = error.text("message").orElse("").strip().replaceFirst("[.:\\s]+$", "");
    boolean isNew = messages.stream().noneMatch(known -> known.contains(message));
    if (!message.isEmpty() && isNew) {
      String target = error.text("target").filter(name -> !name.isBlank()).orElse("");
      messages.add(target.isEmpty() ? message : target + ": " + message);
    }
    if (levels > 0) {
      error.all("details").forEach(inner -> collect(inner, codes, messages, levels - 1));
    }
  }

  private static String reason(Said given, String otherwise) {
    Said said = new Said(given.code(), Redacted.text(given.message()));
    if (said.message().isEmpty()) {
      return said.code().isEmpty() ? otherwise : said.code() + " (" + otherwise + ")";
    }
    String message = said.message().length() <= MOST_CHARACTERS
        ? said.message()
        : said.message().substring(0, MOST_CHARACTERS) + "... ("
            + said.message().length() + " characters)";
    return message + " (" + (said.code().isEmpty() ? otherwise : said.code()) + ")";
  }

  // ---- kinds ----

  private static boolean isCancelled(Said said) {
    return said.code().toLowerCase(Locale.ROOT).matches("operationcancell?ed");
  }

  private static ErrorKind kind(int status, Said said) {
    ErrorKind kind = HttpStatus.kind(status);
    if (kind == ErrorKind.INVALID) {
      return refused(said);
    }
    return status == CONFLICT && said.matches(TAKEN) && !said.matches(FIXED)
        ? ErrorKind.ALREADY_EXISTS
        : kind;
  }

  private static ErrorKind refused(Said said) {
    if (said.matches(TAKEN)) {
      return ErrorKind.ALREADY_EXISTS;
    }
    return isQuota(said) ? ErrorKind.QUOTA : ErrorKind.INVALID;
  }

  private static boolean isQuota(Said said) {
    return said.matches(OUT_OF_QUOTA) || said.matches(OUT_OF_STOCK);
  }

  private static ErrorKind ofOperation(Said said, int status) {
    if (isQuota(said)) {
      return ErrorKind.QUOTA;
    }
    return switch (said.code().toLowerCase(Locale.ROOT)) {
      case "imagebuildfailure", "resourcenotready", "secretsinjectionerror" ->
        ErrorKind.MODEL_FAILED;
      case "operationcanceled", "operationcancelled" -> ErrorKind.UNAVAILABLE;
      case "resourcenotfound" -> ErrorKind.NOT_FOUND;
      case "workspacemanagednetworknotready" -> ErrorKind.INVALID;
      case "authorizationfailed", "linkedauthorizationfailed", "forbidden" ->
        ErrorKind.UNAUTHORIZED;
      case "badargument" -> ErrorKind.INVALID;
      case "internalservererror", "" -> ErrorKind.UNKNOWN;
      default -> kind(status, said);
    };
  }

  private String wayOut(ErrorKind kind, Said said) {
    return switch (kind) {
      case UNAUTHORIZED -> ". Tried " + identity + "; docs/azureml.md has the roles that it needs";
      case QUOTA ->
        said.matches(OUT_OF_STOCK)
            ? ". Azure has no such machine available there now: retry later, or choose another instance type or "
                + "region"
            : ". Request more under Quota in the studio, or choose another instance type: Azure ML reserves a fifth "
                + "more instances than are asked for, for upgrades";
      case TIMEOUT -> ". Whether it was done is not known";
      default -> wayOut(said);
    };
  }

  private static String wayOut(Said said) {
    return switch (said.code().toLowerCase(Locale.ROOT)) {
      case "imagebuildfailure" ->
        ". The environment could not be built: pin the versions of its packages, give the workspace access to its "
            + "registry, or build the image beforehand";
      case "resourcenotready" ->
        ". The container did not start or did not answer its probes: see its log, and AzureMlContainer for paths, "
            + "port and times";
      case "badargument" ->
        ". Check that the image and the model can be read by the endpoint's identity (roles Storage Blob Data Reader "
            + "and AcrPull), and that no policy of the subscription forbids it";
      case "secretsinjectionerror" ->
        ". The endpoint's identity must be allowed to read the secrets that the environment variables refer to";
      case "workspacemanagednetworknotready" ->
        ". Provision the managed network of the workspace first";
      case "internalservererror" -> ". It is Azure's own failure: retry, or ask its support";
      case "missingsubscriptionregistration" ->
        ". Register the resource providers Microsoft.MachineLearningServices and Microsoft.Insights in the "
            + "subscription first";
      case "scopelocked" ->
        ". Remove the lock of the resource, its group or the subscription first";
      default -> "";
    };
  }
}
