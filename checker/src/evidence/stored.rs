//! Evidence as JSON: what files held is written once and referred to by number, since a file that
//! is looked at around every call mostly holds what it held before.

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::address_space::AddressSpace;
use super::ending::Actor;
use super::file::{Content, FileState, FileStory};
use super::trace::Event;
use super::{Evidence, Facet, Moment, View};

/// Evidence as it is read.
#[derive(Deserialize)]
pub(super) struct Stored {
    unavailable: Option<String>,
    page_size: u64,
    actors: Vec<Actor>,
    contents: Vec<Content>,
    files: Vec<FileStory<usize>>,
    trace: Facet<Vec<Event>>,
    moments: Facet<Vec<StoredMoment>>,
    leftovers: Vec<String>,
}

#[derive(Deserialize)]
struct StoredMoment {
    rule: String,
    at: usize,
    actor: usize,
    files: Vec<(String, Option<FileState<usize>>)>,
    spaces: Vec<AddressSpace>,
    views: Vec<View>,
}

impl TryFrom<Stored> for Evidence {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Evidence, String> {
        let contents: Vec<Arc<Content>> = stored.contents.into_iter().map(Arc::new).collect();
        let state = |state: Option<FileState<usize>>| -> Result<Option<FileState>, String> {
            let Some(state) = state else { return Ok(None) };
            let content = contents
                .get(state.content)
                .ok_or_else(|| format!("there is no content {}", state.content))?;
            Ok(Some(state.map(|_| content.clone())))
        };
        let story = |story: FileStory<usize>| -> Result<FileStory, String> {
            Ok(FileStory {
                before: state(story.before)?,
                after: state(story.after)?,
                name: story.name,
            })
        };
        let moment = |moment: StoredMoment| -> Result<Moment, String> {
            let files = moment.files.into_iter();
            Ok(Moment {
                rule: moment.rule,
                at: moment.at,
                actor: moment.actor,
                files: files
                    .map(|(name, file)| Ok((name, state(file)?)))
                    .collect::<Result<_, String>>()?,
                spaces: moment.spaces,
                views: moment.views,
            })
        };
        Ok(Evidence {
            unavailable: stored.unavailable,
            page_size: stored.page_size,
            actors: stored.actors,
            files: stored
                .files
                .into_iter()
                .map(story)
                .collect::<Result<_, _>>()?,
            trace: stored.trace,
            moments: match stored.moments {
                Facet::Seen(moments) => {
                    Facet::Seen(moments.into_iter().map(moment).collect::<Result<_, _>>()?)
                }
                Facet::Unseen(reason) => Facet::Unseen(reason),
            },
            leftovers: stored.leftovers,
        })
    }
}

/// Evidence as it is written: nothing large is copied for it.
#[derive(Serialize)]
struct Written<'a> {
    unavailable: &'a Option<String>,
    page_size: u64,
    actors: &'a [Actor],
    contents: Vec<&'a Content>,
    files: Vec<FileStory<usize>>,
    trace: &'a Facet<Vec<Event>>,
    moments: Facet<Vec<WrittenMoment<'a>>>,
    leftovers: &'a [String],
}

#[derive(Serialize)]
struct WrittenMoment<'a> {
    rule: &'a str,
    at: usize,
    actor: usize,
    files: Vec<(&'a str, Option<FileState<usize>>)>,
    spaces: &'a [AddressSpace],
    views: &'a [View],
}

/// The contents met so far, each with its number.
#[derive(Default)]
struct Numbered<'a> {
    contents: Vec<&'a Content>,
    numbers: HashMap<*const Content, usize>,
}

impl<'a> Numbered<'a> {
    fn state(&mut self, state: &'a Option<FileState>) -> Option<FileState<usize>> {
        let state = state.as_ref()?;
        Some(state.map(|content| {
            let number = self.numbers.entry(ptr::from_ref(&**content));
            *number.or_insert_with(|| {
                self.contents.push(&state.content);
                self.contents.len() - 1
            })
        }))
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut numbered = Numbered::default();
        let mut files = Vec::new();
        for story in &self.files {
            files.push(FileStory {
                name: story.name.clone(),
                before: numbered.state(&story.before),
                after: numbered.state(&story.after),
            });
        }
        let moments = match &self.moments {
            Facet::Unseen(reason) => Facet::Unseen(reason.clone()),
            Facet::Seen(moments) => {
                let mut written = Vec::new();
                for moment in moments {
                    let files = moment.files.iter();
                    written.push(WrittenMoment {
                        rule: &moment.rule,
                        at: moment.at,
                        actor: moment.actor,
                        files: files
                            .map(|(name, state)| (name.as_str(), numbered.state(state)))
                            .collect(),
                        spaces: &moment.spaces,
                        views: &moment.views,
                    });
                }
                Facet::Seen(written)
            }
        };
        let written = Written {
            unavailable: &self.unavailable,
            page_size: self.page_size,
            actors: &self.actors,
            contents: numbered.contents,
            files,
            trace: &self.trace,
            moments,
            leftovers: &self.leftovers,
        };
        written.serialize(to)
    }
}
