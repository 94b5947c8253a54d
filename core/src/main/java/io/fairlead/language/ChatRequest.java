package io.fairlead.language;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a language model is asked: the messages so far, and the parameters that OpenAI-compatible containers share.
 *
 * <pre>{@code
 * ChatRequest question = ChatRequest.of("What is a fairlead?").withMaxTokens(100).withTemperature(0.7);
 * }</pre>
 *
 * <p>A parameter that is absent is the container's own default.
 *
 * @param messages the messages, at least one, in their order
 * @param maxTokens the most tokens of the answer, 1 or more
 * @param temperature the randomness, 0 to 2; 0 takes the likeliest token each time
 * @param topP the share of probability of which tokens are taken, above 0 and up to 1
 * @param stop the texts at which the answer ends, none of them empty
 * @param seed the seed, by which containers try to answer a request alike each time
 * @param frequencyPenalty the penalty on tokens by how often they have come, -2 to 2
 * @param presencePenalty the penalty on tokens that have come, -2 to 2
 */
public record ChatRequest(
    List<ChatMessage> messages,
    OptionalInt maxTokens,
    OptionalDouble temperature,
    OptionalDouble topP,
    List<String> stop,
    OptionalLong seed,
    OptionalDouble frequencyPenalty,
    OptionalDouble presencePenalty) {
  private static final double HOTTEST = 2;
  private static final double STRONGEST = 2;

  public ChatRequest {
    messages = List.copyOf(messages);
    requireNonNull(maxTokens, "maxTokens");
    requireNonNull(temperature, "temperature");
    requireNonNull(topP, "topP");
    stop = List.copyOf(stop);
    requireNonNull(seed, "seed");
    requireNonNull(frequencyPenalty, "frequencyPenalty");
    requireNonNull(presencePenalty, "presencePenalty");
    Problems problems = Problems.in("ChatRequest")
        .check(!messages.isEmpty(), "messages", "must be one or more")
        .check(maxTokens.orElse(1) >= 1, "maxTokens", "must be 1 or more", maxTokens.orElse(1))
        .check(
            isWithin(temperature, 0, HOTTEST),
            "temperature",
            "must be 0 to 2",
            temperature.orElse(0))
        .check(
            topP.isEmpty() || (topP.getAsDouble() > 0 && topP.getAsDouble() <= 1),
            "topP",
            "must be above 0, and 1 at most",
            topP.orElse(1))
        .check(stop.stream().noneMatch(String::isEmpty), "stop", "must not have an empty text");
    checkPenalty(problems, "frequencyPenalty", frequencyPenalty);
    checkPenalty(problems, "presencePenalty", presencePenalty);
    problems.throwIfAny();
  }

  private static void checkPenalty(Problems problems, String field, OptionalDouble penalty) {
    problems.check(
        isWithin(penalty, -STRONGEST, STRONGEST), field, "must be -2 to 2", penalty.orElse(0));
  }

  private static boolean isWithin(OptionalDouble number, double least, double most) {
    return number.isEmpty() || (number.getAsDouble() >= least && number.getAsDouble() <= most);
  }

  /** {@return a request of one message of the user} */
  public static ChatRequest of(String prompt) {
    return of(List.of(ChatMessage.user(prompt)));
  }

  /** {@return a request of a chat so far} */
  public static ChatRequest of(List<ChatMessage> messages) {
    return new ChatRequest(
        messages,
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        List.of(),
        OptionalLong.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty());
  }

  /** {@return a copy that begins with a message of the application, which says how to answer} */
  public ChatRequest withSystem(String content) {
    List<ChatMessage> all = new ArrayList<>(List.of(ChatMessage.system(content)));
    all.addAll(messages);
    return withMessages(all);
  }

  /** {@return a copy with other messages} */
  public ChatRequest withMessages(List<ChatMessage> newMessages) {
    return new ChatRequest(
        newMessages, maxTokens, temperature, topP, stop, seed, frequencyPenalty, presencePenalty);
  }

  public ChatRequest withMaxTokens(int newMaxTokens) {
    return new ChatRequest(
        messages,
        OptionalInt.of(newMaxTokens),
        temperature,
        topP,
        stop,
        seed,
        frequencyPenalty,
        presencePenalty);
  }

  public ChatRequest withTemperature(double newTemperature) {
    return new ChatRequest(
        messages,
        maxTokens,
        OptionalDouble.of(newTemperature),
        topP,
        stop,
        seed,
        frequencyPenalty,
        presencePenalty);
  }

  public ChatRequest withTopP(double newTopP) {
    return new ChatRequest(
        messages,
        maxTokens,
        temperature,
        OptionalDouble.of(newTopP),
        stop,
        seed,
        frequencyPenalty,
        presencePenalty);
  }

  public ChatRequest withStop(String... texts) {
    return new ChatRequest(
        messages,
        maxTokens,
        temperature,
        topP,
        List.of(texts),
        seed,
        frequencyPenalty,
        presencePenalty);
  }

  public ChatRequest withSeed(long newSeed) {
    return new ChatRequest(
        messages,
        maxTokens,
        temperature,
        topP,
        stop,
        OptionalLong.of(newSeed),
        frequencyPenalty,
        presencePenalty);
  }

  /** {@return a copy with both penalties} */
  public ChatRequest withPenalties(double ofFrequency, double ofPresence) {
    return new ChatRequest(
        messages,
        maxTokens,
        temperature,
        topP,
        stop,
        seed,
        OptionalDouble.of(ofFrequency),
        OptionalDouble.of(ofPresence));
  }

  /** {@return the text of the last message of the user; empty if there is none} */
  public Optional<String> prompt() {
    Optional<String> last = Optional.empty();
    for (ChatMessage message : messages) {
      if (message.role() == ChatMessage.Role.USER) {
        last = Optional.of(message.content());
      }
    }
    return last;
  }

  /** {@return the number of messages, and the parameters that are set; none of the texts} */
  @Override
  public String toString() {
    StringBuilder words = new StringBuilder("ChatRequest[")
        .append(messages.size())
        .append(messages.size() == 1 ? " message" : " messages");
    maxTokens.ifPresent(most -> words.append(", at most ").append(most).append(" tokens"));
    temperature.ifPresent(degree -> words.append(", temperature ").append(degree));
    topP.ifPresent(share -> words.append(", top p ").append(share));
    seed.ifPresent(number -> words.append(", seed ").append(number));
    return words.append(']').toString();
  }
}
