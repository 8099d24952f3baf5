#!/usr/bin/env perl
# How well a triage sorts crash files whose bugs are known: triage_score.pl TRIAGE.json DIR
#
# DIR is what ./build.sh crashes has made: the folder of a file below DIR is its true bug.
# fuzz/triage_score.md says what the figures mean. Exit status: 0; 1 if a cluster holds two bugs
# that differ in what they show, or if half of the bugs are torn into more than three clusters; 2 if
# something could not be read.
use strict;
use warnings;
use Config;
use File::Basename qw(dirname);
use File::Find;
use JSON::PP;

my ($MANY_CLUSTERS, $OPERATIONS, $PREEMPTIONS, $PATIENCE) = (3, 6, 2, 30);

sub refuse {
    my ($text) = @_;
    $text =~ s/\n.*//s;
    print STDERR "csqfuzz: $text\n";
    exit 2;
}

# shown TEXT: what a report says may have come out of a crash file.
sub shown {
    my ($text) = @_;
    $text =~ s/[^ -~]/?/g;
    return $text;
}

sub cause {
    my ($cluster) = @_;
    return $cluster->{signature} . ($cluster->{window} ? " at $cluster->{window}" : "");
}

sub plural {
    my ($n, $one) = @_;
    return "$n $one" . ($n == 1 ? "" : "s");
}

# ---- What there is --------------------------------------------------------------------------------

sub read_triage {
    my ($path) = @_;
    open my $file, "<", $path or refuse("cannot read $path");
    local $/;
    my $triage = eval { JSON::PP->new->utf8->decode(scalar <$file>) };
    refuse("$path is no JSON: $@") if $@;
    refuse("$path is no triage: it has no clusters")
        if ref $triage ne "HASH" || ref $triage->{clusters} ne "ARRAY";
    return $triage;
}

# crash_files DIR: { path below DIR => bug }. What else the engines leave is no crash.
sub crash_files {
    my ($dir) = @_;
    my %bug_of;
    find({
        no_chdir => 1,
        wanted => sub {
            my $below = substr $_, length($dir) + 1 <= length $_ ? length($dir) + 1 : length $_;
            my ($bug, $rest) = $below =~ m{^([^/]+)/(.*)$}s or return;
            return if !-f $_ || $rest !~ m{^libfuzzer/(crash|leak|timeout|oom)-|/crashes/id:};
            $bug_of{$below} = $bug;
        }
    }, $dir);
    return \%bug_of;
}

# below PATH BUG_OF: the path below DIR, whatever folder the triage was called in; undef if there is
# no such crash file.
sub below {
    my ($path, $bug_of) = @_;
    utf8::encode($path);
    while (1) {
        return $path if exists $bug_of->{$path};
        $path =~ s{^[^/]*/}{}s or return undef;
    }
}

# builds_of DIR BUG: the paths in its csq-builds.
sub builds_of {
    my ($dir, $bug) = @_;
    open my $file, "<", "$dir/$bug/csq-builds" or refuse("cannot read $dir/$bug/csq-builds");
    my @builds = map { /^\S+ (.+)$/ ? $1 : () } <$file>;
    return @builds;
}

# clustering TRIAGE BUG_OF: { file => cluster's name }. A file that is in no cluster is by itself: nobody
# has set it beside another.
sub clustering {
    my ($triage, $bug_of) = @_;
    my (%cluster_of, $foreign);
    $foreign = 0;
    for my $cluster (@{$triage->{clusters}}) {
        for (@{$cluster->{files}}) {
            my $file = below($_->{path}, $bug_of);
            $foreign++, next if !defined $file;
            refuse("the triage has " . shown($file) . " twice") if $cluster_of{$file};
            $cluster_of{$file} = "cluster $cluster->{id}";
            push @{$cluster->{of}{$bug_of->{$file}}}, $file;
            $cluster->{entry}{$file} = $_;
        }
    }
    for (keys %$bug_of) { $cluster_of{$_} //= "alone $_" }
    return (\%cluster_of, $foreign);
}

# ---- Figures --------------------------------------------------------------------------------------

# b_cubed CLUSTER_OF CLASS_OF: precision, recall and F1, over files. Of a file: which share of its
# cluster is of its class, and which share of its class is in its cluster (Bagga and Baldwin 1998).
sub b_cubed {
    my ($cluster_of, $class_of) = @_;
    my (%cluster, %class, %both);
    my ($precision, $recall) = (0, 0);
    for (keys %$class_of) {
        $cluster{$cluster_of->{$_}}++;
        $class{$class_of->{$_}}++;
        $both{$cluster_of->{$_}, $class_of->{$_}}++;
    }
    for (keys %$class_of) {
        my $common = $both{$cluster_of->{$_}, $class_of->{$_}};
        $precision += $common / $cluster{$cluster_of->{$_}};
        $recall += $common / $class{$class_of->{$_}};
    }
    my $files = keys %$class_of;
    $_ /= $files for $precision, $recall;
    return ($precision, $recall, 2 * $precision * $recall / ($precision + $recall));
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# clusters_of TRIAGE BUG_OF: { bug => in how many clusters it is }.
sub clusters_of {
    my ($triage, $bug_of) = @_;
    my %count = map { $_ => 0 } values %$bug_of;
    for (@{$triage->{clusters}}) { $count{$_}++ for keys %{$_->{of}} }
    return \%count;
}

# ---- Do two bugs show the same? -------------------------------------------------------------------

my (%replayed, %builds);

# replay CSQ FILE: the signature that this build shows, in csq triage's words; "" if none.
sub replay {
    my ($csq, $path) = @_;
    my $pid = open(my $output, "-|") // refuse("cannot start $csq");
    if (!$pid) {
        open STDERR, ">&", \*STDOUT;
        open STDIN, "<", "/dev/null";
        alarm $PATIENCE; # which outlives exec
        no warnings "exec";
        exec { $csq } $csq, "run", "--quiet", $path or exit 127;
    }
    my $signature;
    while (my $line = <$output>) {
        $signature //= $1 if $line =~ /^SUMMARY: csqfuzz: (.*)$/;
    }
    close $output;
    refuse("cannot run $csq") if $? >> 8 == 127;
    return $signature if defined $signature;
    my $signal = $? & 127 or return "";
    my $name = (split ' ', $Config{sig_name})[$signal];
    return $name eq "ALRM" ? "TIMEOUT" : "CRASH SIG$name";
}

# shows DIR BUG FILE SIGNATURE: does one of the bug's builds show that?
sub shows {
    my ($dir, $bug, $path, $signature) = @_;
    $builds{$bug} //= [builds_of($dir, $bug)];
    for my $csq (@{$builds{$bug}}) {
        $replayed{$csq, $path} //= replay($csq, $path);
        return 1 if $replayed{$csq, $path} eq $signature;
    }
    return 0;
}

# own_signature CLUSTER FILE: what its own build shows, which need not have the cluster's operations.
sub own_signature {
    my ($cluster, $file) = @_;
    my $entry = $cluster->{entry}{$file};
    for (@{$entry->{verdicts}}) {
        return $_->{signature} if defined $entry->{shown_by} && $_->{build} eq $entry->{shown_by};
    }
    return $cluster->{signature};
}

# crosses FOLDER DIR CLUSTER FILE BUG: does another bug show of this file, or of the minimal program that
# was made of it, what its own bug does?
sub crosses {
    my ($folder, $dir, $cluster, $file, $bug) = @_;
    my $minimal = $cluster->{entry}{$file}{minimal};
    return shows($dir, $bug, defined $minimal ? "$folder/$minimal" : "$dir/$file",
        own_signature($cluster, $file));
}

# difference FOLDER DIR CLUSTER MINIMAL BUG BUG: what is not shown both ways; () if all is. Of the files of
# a bug it takes one that shows it with the other bug: the others may have met something else before.
sub difference {
    my ($folder, $dir, $cluster, $minimal, @bugs) = @_;
    my ($signature, @missing) = ($cluster->{signature});
    $minimal = undef if grep { defined $_->{minimal} } values %{$cluster->{entry}};
    for ([@bugs], [reverse @bugs]) {
        my ($bug, $other) = @$_;
        push @missing, "the minimal program not in $bug"
            if defined $minimal && !shows($dir, $bug, $minimal, $signature);
        push @missing, "no file of $other in $bug"
            if !grep { crosses($folder, $dir, $cluster, $_, $bug) } sort @{$cluster->{of}{$other}};
    }
    return @missing;
}

# leader LEADER_OF BUG: who stands for all that are the same as this one.
sub leader {
    my ($leader_of, $bug) = @_;
    $bug = $leader_of->{$bug} while defined $leader_of->{$bug};
    return $bug;
}

# compare_pairs TRIAGE FOLDER DIR LEADER_OF: prints each pair of bugs that share a cluster, and joins
# those that show the same; returns how many do not.
sub compare_pairs {
    my ($triage, $folder, $dir, $leader_of) = @_;
    my $differing = 0;
    for my $cluster (@{$triage->{clusters}}) {
        my @bugs = sort keys %{$cluster->{of}};
        my $minimal = $cluster->{minimal} ? "$folder/$cluster->{minimal}{path}" : undef;
        refuse("there is no $minimal") if @bugs > 1 && defined $minimal && !-e $minimal;
        for my $x (0 .. $#bugs) {
            for my $y ($x + 1 .. $#bugs) {
                my @missing = difference($folder, $dir, $cluster, $minimal, @bugs[$x, $y]);
                my $pair = "$bugs[$x] $bugs[$y] " . shown(cause($cluster));
                $differing++ if @missing;
                print @missing ? "NOT the same: $pair (" . join(", ", @missing) . ")\n"
                    : "same observable: $pair (shown both ways)\n";
                my @leaders = map { leader($leader_of, $bugs[$_]) } $x, $y;
                $leader_of->{$leaders[1]} = $leaders[0] if !@missing && $leaders[0] ne $leaders[1];
            }
        }
    }
    return $differing;
}

# ---- Report ---------------------------------------------------------------------------------------

sub print_counts {
    my ($triage, $bug_of, $cluster_of, $foreign) = @_;
    my %bugs = map { $_ => 1 } values %$bug_of;
    my %listed = map { my $list = $_;
        $_ => scalar grep { defined below($_->{path}, $bug_of) } @{$triage->{$list} // []}
    } qw(silent rejected);
    my $clustered = grep { /^cluster / } values %$cluster_of;
    my $files = keys %$bug_of;
    print "files: $files; in clusters $clustered, silent $listed{silent}, rejected $listed{rejected}, ",
        "left out ", $files - $clustered - $listed{silent} - $listed{rejected}, "\n";
    print "$foreign more in clusters are no crash files below the folder\n" if $foreign;
    print "bugs: ", scalar keys %bugs, "\nclusters: ", scalar @{$triage->{clusters}}, "\n";
}

sub print_mixed {
    my ($triage) = @_;
    for my $cluster (@{$triage->{clusters}}) {
        my $of = $cluster->{of} // {};
        next if keys %$of < 2;
        print "several bugs: ", shown(cause($cluster)), ": ",
            join(", ", map { "$_ " . @{$of->{$_}} } sort keys %$of), "\n";
    }
}

# print_torn COUNTS: returns the median.
sub print_torn {
    my ($count) = @_;
    my $median = median(values %$count);
    print "clusters of each bug: ", join(", ", map { "$_ $count->{$_}" } sort keys %$count), "\n";
    print "clusters of a bug: median $median\n";
    return $median;
}

sub print_b_cubed {
    my ($words, @figures) = @_;
    printf "B-cubed%s: precision %.4f, recall %.4f, F1 %.4f\n", $words, @figures;
}

sub print_representatives {
    my ($triage) = @_;
    my ($small, @large) = (0);
    for my $cluster (@{$triage->{clusters}}) {
        my ($minimal, $signature) = ($cluster->{minimal}, shown(cause($cluster)));
        if (!$minimal) {
            push @large, "  $signature: none\n";
        } elsif ($minimal->{operations} <= $OPERATIONS && $minimal->{preemptions} <= $PREEMPTIONS) {
            $small++;
        } else {
            push @large, "  $signature: " . plural($minimal->{operations}, "operation") . ", "
                . plural($minimal->{preemptions}, "preemption") . "; " . shown($minimal->{depth} // "") . "\n";
        }
    }
    print "representatives: $small of ", scalar @{$triage->{clusters}},
        " have at most $OPERATIONS operations and $PREEMPTIONS preemptions", @large ? "; not" : "", "\n", @large;
}

# ---- All of it ------------------------------------------------------------------------------------

sub score {
    my ($path, $dir) = @_;
    $dir =~ s{(?<=.)/+$}{};
    refuse("there is no folder $dir") if !-d $dir;
    my $triage = read_triage($path);
    my $bug_of = crash_files($dir);
    refuse("there is no crash file below $dir") if !%$bug_of;
    my ($cluster_of, $foreign) = clustering($triage, $bug_of);
    print_counts($triage, $bug_of, $cluster_of, $foreign);
    print_mixed($triage);
    my $differing = compare_pairs($triage, dirname($path), $dir, \my %leader_of);
    my $median = print_torn(clusters_of($triage, $bug_of));
    print_b_cubed("", b_cubed($cluster_of, $bug_of));
    my %class_of = map { $_ => leader(\%leader_of, $bug_of->{$_}) } keys %$bug_of;
    print_b_cubed(", " . keys(%leader_of) . " bugs merged into one that shows the same",
        b_cubed($cluster_of, \%class_of));
    print_representatives($triage);
    return $differing || $median > $MANY_CLUSTERS ? 1 : 0;
}

$| = 1; # before replays fork
refuse("usage: triage_score.pl TRIAGE.json DIR") if @ARGV != 2;
exit score(@ARGV);
