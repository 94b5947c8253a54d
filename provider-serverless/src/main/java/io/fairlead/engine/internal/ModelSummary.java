package io.fairlead.engine.internal;

/**
 * What is known of a model without loading it.
 *
 * @param digest the digest of all its files, as 64 hexadecimal digits
 * @param bytes the length of all its files together; 0 for Java code
 */
public record ModelSummary(String digest, long bytes) {}
