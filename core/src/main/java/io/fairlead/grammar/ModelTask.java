package io.fairlead.grammar;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a model is for, by which a platform chooses the container of a model that is only an id on a hub. */
public enum ModelTask {
  /** Text from text: a generative language model, behind OpenAI's routes for chats and completions. */
  CHAT,
  /** A vector from a text, for search and clustering. */
  EMBEDDING,
  /** A score for each of some texts by how well it answers a query: a cross-encoder. */
  RERANK,
  /** Scores of fixed classes for a text. */
  CLASSIFY;

  /** The key of the tag that platforms keep a task as, beside a model's labels. */
  public static final String TAG = "task";

  /** {@return its name in configurations, tags and sentences, in lower case, such as {@code chat}} */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return the task with an {@linkplain #id() id}; empty if none has it} */
  public static Optional<ModelTask> of(String id) {
    return Arrays.stream(values()).filter(task -> task.id().equals(id)).findFirst();
  }

  /**
   * {@return the task among the tags that a model's metadata were written as, which loses that tag; empty if there is none}
   *
   * @param tags the tags, by their keys; a tag {@value #TAG} with another value stays
   */
  public static Optional<ModelTask> takeFrom(Map<String, String> tags) {
    Optional<ModelTask> task = Optional.ofNullable(tags.get(TAG)).flatMap(ModelTask::of);
    task.ifPresent(known -> tags.remove(TAG, known.id()));
    return task;
  }

  /** {@return the ids of all tasks, as a sentence lists them} */
  public static String ids() {
    return Arrays.stream(values()).map(ModelTask::id).collect(Collectors.joining(", "));
  }
}
